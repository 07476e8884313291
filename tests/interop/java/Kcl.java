import java.net.URI;
import java.util.concurrent.TimeUnit;
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
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.ShardRecordProcessorFactory;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/** One worker of the Kinesis Client Library, of version 2 or 3, on endpoints of this machine; nothing goes to CloudWatch. */
final class Kcl {
  static final InitialPositionInStreamExtended BEGINNING =
      InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON);

  /** Between two reads of a shard, in milliseconds: the library takes no less. */
  private static final long SHORTEST_IDLE = 200;

  private final KinesisAsyncClient kinesis;
  private final String stream;
  final ConfigsBuilder configs;

  Kcl(
      String kinesisUrl,
      String dynamodbUrl,
      String stream,
      String application,
      String worker,
      ShardRecordProcessorFactory processors) {
    this.stream = stream;
    kinesis =
        client(
            KinesisAsyncClient.builder()
                .httpClientBuilder(NettyNioAsyncHttpClient.builder().protocol(Protocol.HTTP1_1)),
            kinesisUrl);
    configs =
        new ConfigsBuilder(
            new SingleStreamTracker(stream, BEGINNING),
            application,
            kinesis,
            client(DynamoDbAsyncClient.builder(), dynamodbUrl),
            client(CloudWatchAsyncClient.builder(), dynamodbUrl),
            worker,
            processors);
  }

  /** As a user has it who sets nothing. */
  Scheduler plain() {
    return scheduler(new Settings(configs));
  }

  Scheduler scheduler(Settings settings) {
    return new Scheduler(
        configs.checkpointConfig(),
        settings.coordinator,
        settings.leases,
        configs.lifecycleConfig(),
        configs.metricsConfig().metricsFactory(new NullMetricsFactory()),
        configs.processorConfig(),
        configs
            .retrievalConfig()
            .retrievalSpecificConfig(
                new PollingConfig(stream, kinesis).idleTimeBetweenReadsInMillis(SHORTEST_IDLE)));
  }

  /** Records, until the process is told to end. */
  static void record(Scheduler scheduler) {
    Recorder.run(scheduler, () -> scheduler.startGracefulShutdown().get(60, TimeUnit.SECONDS));
  }

  static <B extends AwsClientBuilder<B, C>, C> C client(B builder, String endpoint) {
    return builder
        .region(Region.US_EAST_1)
        .endpointOverride(URI.create(endpoint))
        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("k", "s")))
        .build();
  }
}
