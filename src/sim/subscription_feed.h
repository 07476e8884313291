// What is pushed in one subscription of the simulated Kinesis, as an event stream, with what goes wrong on the way.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"
#include "sim/faults.h"
#include "sim/http2_connection.h"
#include "sim/kinesis.h"

namespace ctk::sim {

/// What all of them share. The service, the knobs and the bits of chance are touched under the mutex only.
struct FeedWorld {
  Kinesis& kinesis;
  Clock& clock;
  std::mutex& mutex;
  const FaultKnobs& faults;
  Random& random;
  const std::atomic<uint64_t>& revision;  ///< what is there to be pushed may have changed where this has
};

class SubscriptionFeed final : public Http2Feed {
 public:
  SubscriptionFeed(FeedWorld world, uint64_t subscription, bool cbor)
      : world_(world), subscription_(subscription), cbor_(cbor) {}
  SubscriptionFeed(const SubscriptionFeed&) = delete;
  SubscriptionFeed& operator=(const SubscriptionFeed&) = delete;
  ~SubscriptionFeed() override;
  Step next() override;

 private:
  Step give(const Answer<Push>& push, PushFault fault);
  Step refuse_with(const ServiceError& error) const;
  std::string event(std::string_view type, std::string payload) const;

  FeedWorld world_;
  const uint64_t subscription_;
  const bool cbor_;
  uint64_t seen_ = 0;  ///< the revision at which there was nothing
  int unasked_ = 0;    ///< calls since the service was asked
  bool introduced_ = false;
  bool silent_ = false;
};

}  // namespace ctk::sim
