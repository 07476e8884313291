// The SDKs refresh 10 to 15 minutes before the end. Of credentials with a short life that would be always: a third of their
// life is enough then, which also lets EC2's be asked for again and again as their end comes near (new ones appear 5
// minutes before it).
#include "aws/credentials/credential_use.h"

#include <algorithm>

namespace ctk::aws {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// How long before their end others are asked for, and how long before it nobody signs with them any more.
Duration soon(Duration life) { return std::min<Duration>(minutes(15), life / 3); }
Duration about_to_end(Duration life) { return std::min<Duration>(seconds(10), life / 10); }

}  // namespace

CredentialUse use_of(const CredentialStanding& standing, Timestamp now) {
  using enum CredentialUse;
  if (!standing.any) return standing.resting ? refuse : wait_for_refresh;
  if (standing.refused) return standing.resting ? hand_out : wait_for_refresh;
  if (!standing.expires) return hand_out;
  const Duration life = *standing.expires - standing.fetched;
  if (life <= Duration{}) return standing.resting ? hand_out : hand_out_and_refresh;
  const Duration left = *standing.expires - now;
  if (left > soon(life)) return hand_out;
  if (left > about_to_end(life)) return standing.resting ? hand_out : hand_out_and_refresh;
  if (!standing.resting) return wait_for_refresh;
  return left > Duration{} ? hand_out : refuse;
}

bool still_serve(const CredentialStanding& standing, Timestamp now) {
  return standing.any && (!standing.expires || *standing.expires <= standing.fetched || *standing.expires > now);
}

}  // namespace ctk::aws
