import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.coordinator.CoordinatorConfig;
import software.amazon.kinesis.leases.LeaseManagementConfig;

/** How a worker shares its leases: as the library does by itself, or with pauses short enough for a test. */
final class Settings {
  final CoordinatorConfig coordinator;
  final LeaseManagementConfig leases;

  Settings(ConfigsBuilder configs) {
    coordinator = configs.coordinatorConfig();
    leases = configs.leaseManagementConfig();
  }

  Settings shortPauses(long failoverMillis) {
    leases.failoverTimeMillis(failoverMillis).shardSyncIntervalMillis(1000).listShardsBackoffTimeInMillis(200);
    coordinator.parentShardPollIntervalMillis(500).shardConsumerDispatchPollIntervalMillis(200);
    return this;
  }
}
