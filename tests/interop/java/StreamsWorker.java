import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.StreamsSchedulerFactory;
import com.amazonaws.services.dynamodbv2.streamsadapter.adapter.DynamoDBStreamsClientRecord;
import com.amazonaws.services.dynamodbv2.streamsadapter.model.DynamoDBStreamsProcessRecordsInput;
import com.amazonaws.services.dynamodbv2.streamsadapter.polling.DynamoDBStreamsPollingConfig;
import com.amazonaws.services.dynamodbv2.streamsadapter.processor.DynamoDBStreamsShardRecordProcessor;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.DescribeStreamRequest;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClientBuilder;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.metrics.NullMetricsFactory;

/**
 * RecordingWorker's like on a table's stream, through the DynamoDB Streams Kinesis Adapter.
 *
 * <p>StreamsWorker STREAMS_URL DYNAMODB_URL STREAM_ARN APPLICATION WORKER FAILOVER_MILLIS FILE
 */
public final class StreamsWorker {
  private static final class Recording extends Processor implements DynamoDBStreamsShardRecordProcessor {
    private final Recorder recorder;

    Recording(Recorder recorder) {
      this.recorder = recorder;
    }

    @Override
    public void processRecords(DynamoDBStreamsProcessRecordsInput input) {
      guarded(
          () -> {
            if (input.records().isEmpty()) return;
            List<String> keys = new ArrayList<>();
            for (DynamoDBStreamsClientRecord record : input.records()) {
              keys.add(record.getRecord().dynamodb().keys().get("pk").s());
            }
            recorder.write(keys);
            input.checkpointer().checkpoint();
          });
    }
  }

  /** The adapter takes ARNs of AWS's regions only, and DynamoDB Local's are of a region of its own: it hears of that one. */
  private record Renamed(String named, String real) implements ExecutionInterceptor {
    @Override
    public SdkRequest modifyRequest(Context.ModifyRequest context, ExecutionAttributes attributes) {
      SdkRequest request = context.request();
      if (request instanceof DescribeStreamRequest describe && named.equals(describe.streamArn())) {
        return describe.toBuilder().streamArn(real).build();
      }
      if (request instanceof GetShardIteratorRequest iterator && named.equals(iterator.streamArn())) {
        return iterator.toBuilder().streamArn(real).build();
      }
      return request;
    }
  }

  public static void main(String[] words) throws Exception {
    String stream = words[2].replace(":ddblocal:", ":us-east-1:");
    Recorder recorder = new Recorder(words[6]);
    DynamoDbStreamsClientBuilder builder =
        DynamoDbStreamsClient.builder()
            .overrideConfiguration(all -> all.addExecutionInterceptor(new Renamed(stream, words[2])));
    AmazonDynamoDBStreamsAdapterClient streams =
        new AmazonDynamoDBStreamsAdapterClient(Kcl.client(builder, words[0]), Region.US_EAST_1);
    ConfigsBuilder configs =
        new ConfigsBuilder(
            StreamsSchedulerFactory.createSingleStreamTracker(stream, Kcl.BEGINNING),
            words[3],
            streams,
            Kcl.client(DynamoDbAsyncClient.builder(), words[1]),
            Kcl.client(CloudWatchAsyncClient.builder(), words[1]),
            words[4],
            () -> new Recording(recorder));
    Settings settings = new Settings(configs).shortPauses(Long.parseLong(words[5]));
    Kcl.record(
        StreamsSchedulerFactory.createScheduler(
            configs.checkpointConfig(),
            settings.coordinator,
            settings.leases,
            configs.lifecycleConfig(),
            configs.metricsConfig().metricsFactory(new NullMetricsFactory()),
            configs.processorConfig(),
            configs
                .retrievalConfig()
                .retrievalSpecificConfig(
                    new DynamoDBStreamsPollingConfig(stream, streams).idleTimeBetweenReadsInMillis(250)),
            streams));
  }
}
