// Whether credentials in hand serve whoever asks, and when others are asked for. Pure.
//
//   fetched ─────────────────────────────▶ soon ──────▶ about to end ─▶ ended
//            hand_out                 hand_out_and_refresh  wait_for_refresh
//
// A refresh that has failed rests for a while: until then what is still good is handed out as it is.
#pragma once

#include <optional>

#include "base/time.h"

namespace ctk::aws {

enum class CredentialUse {
  hand_out,
  hand_out_and_refresh,  ///< they serve, and others are asked for beside it
  wait_for_refresh,      ///< nobody signs before others have come
  refuse,                ///< the refresh has failed, and there is nothing to sign with
};

struct CredentialStanding {
  bool any = false;                  ///< there are some
  bool refused = false;              ///< a service has called them expired
  bool resting = false;              ///< a refresh has failed a moment ago
  std::optional<Timestamp> expires;  ///< their end, if they have one
  Timestamp fetched{};
};

CredentialUse use_of(const CredentialStanding& standing, Timestamp now);

/// Whether they may be handed out where a refresh has just failed: until their end; as long as they are all there is where
/// their end was past when they came, for then our clock is off, or who gives them cannot do better.
bool still_serve(const CredentialStanding& standing, Timestamp now);

}  // namespace ctk::aws
