import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.exceptions.InvalidStateException;
import software.amazon.kinesis.exceptions.ShutdownException;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.KinesisClientRecord;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/**
 * A worker of the Kinesis Client Library that does the least a consumer does: parses each record's JSON, counts it, and
 * checkpoints each shard at most once a second. It ends itself after COUNT records and prints
 * {@code {"records": N, "wall_seconds": W, "cpu_seconds": C}}, both from the first record to the last: the start of the
 * virtual machine and the library's wait for its leases, well over a minute, do not count.
 *
 * <p>CountingWorker KINESIS_URL DYNAMODB_URL STREAM COUNT
 */
public final class CountingWorker {
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  /** Between two reads of a shard, in milliseconds: the library takes no less. */
  private static final long SHORTEST_IDLE = 200;

  private final long wanted;
  private final AtomicLong seen = new AtomicLong();
  private long firstWall;
  private long firstCpu;

  private CountingWorker(long wanted) {
    this.wanted = wanted;
  }

  private synchronized void began() {
    if (firstWall != 0) return;
    firstCpu = PROCESS.getProcessCpuTime();
    firstWall = System.nanoTime();
  }

  private void count(int records) {
    if (seen.addAndGet(records) < wanted) return;
    double wall = (System.nanoTime() - firstWall) / 1e9;
    double cpu = (PROCESS.getProcessCpuTime() - firstCpu) / 1e9;
    System.out.printf(
        Locale.ROOT, "{\"records\": %d, \"wall_seconds\": %.3f, \"cpu_seconds\": %.3f}%n", seen.get(), wall, cpu);
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  /** One shard's records. */
  private final class Processor implements ShardRecordProcessor {
    private final ObjectMapper json = new ObjectMapper();
    private long checkpointed = System.nanoTime();

    @Override
    public void initialize(InitializationInput input) {}

    @Override
    public void processRecords(ProcessRecordsInput input) {
      if (input.records().isEmpty()) return;
      began();
      try {
        for (KinesisClientRecord record : input.records()) {
          byte[] data = new byte[record.data().remaining()];
          record.data().get(data);
          if (!json.readTree(data).has("dynamodb")) throw new IllegalStateException("no change of DynamoDB");
        }
        if (System.nanoTime() - checkpointed > 1_000_000_000L) {
          input.checkpointer().checkpoint();
          checkpointed = System.nanoTime();
        }
      } catch (Exception e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(1);
      }
      count(input.records().size());
    }

    @Override
    public void leaseLost(LeaseLostInput input) {}

    @Override
    public void shardEnded(ShardEndedInput input) {
      checkpoint(() -> input.checkpointer().checkpoint());
    }

    @Override
    public void shutdownRequested(ShutdownRequestedInput input) {
      checkpoint(() -> input.checkpointer().checkpoint());
    }

    private void checkpoint(Checkpoint checkpoint) {
      try {
        checkpoint.make();
      } catch (InvalidStateException | ShutdownException e) {
        e.printStackTrace();
      }
    }
  }

  private interface Checkpoint {
    void make() throws InvalidStateException, ShutdownException;
  }

  private static <B extends AwsClientBuilder<B, C>, C> C client(B builder, String endpoint) {
    return builder
        .region(Region.US_EAST_1)
        .endpointOverride(URI.create(endpoint))
        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("k", "s")))
        .build();
  }

  public static void main(String[] words) {
    String stream = words[2];
    CountingWorker worker = new CountingWorker(Long.parseLong(words[3]));
    KinesisAsyncClient kinesis =
        client(
            KinesisAsyncClient.builder()
                .httpClientBuilder(NettyNioAsyncHttpClient.builder().protocol(Protocol.HTTP1_1)),
            words[0]);
    DynamoDbAsyncClient dynamodb = client(DynamoDbAsyncClient.builder(), words[1]);
    CloudWatchAsyncClient cloudwatch = client(CloudWatchAsyncClient.builder(), words[1]);
    ConfigsBuilder configs =
        new ConfigsBuilder(
            new SingleStreamTracker(
                stream, InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON)),
            "counting-" + UUID.randomUUID(),
            kinesis,
            dynamodb,
            cloudwatch,
            "worker",
            () -> worker.new Processor());
    PollingConfig polling = new PollingConfig(stream, kinesis).idleTimeBetweenReadsInMillis(SHORTEST_IDLE);
    new Scheduler(
            configs.checkpointConfig(),
            configs.coordinatorConfig(),
            configs.leaseManagementConfig(),
            configs.lifecycleConfig(),
            configs.metricsConfig().metricsFactory(new NullMetricsFactory()),
            configs.processorConfig(),
            configs.retrievalConfig().retrievalSpecificConfig(polling))
        .run();
  }
}
