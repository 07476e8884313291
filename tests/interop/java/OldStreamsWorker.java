import com.amazonaws.auth.AWSCredentialsProvider;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.cloudwatch.AmazonCloudWatchClientBuilder;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBStreamsClientBuilder;
import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.StreamsWorkerFactory;
import com.amazonaws.services.dynamodbv2.streamsadapter.model.RecordAdapter;
import com.amazonaws.services.kinesis.clientlibrary.interfaces.IRecordProcessorCheckpointer;
import com.amazonaws.services.kinesis.clientlibrary.interfaces.v2.IRecordProcessor;
import com.amazonaws.services.kinesis.clientlibrary.interfaces.v2.IShutdownNotificationAware;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.InitialPositionInStream;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.KinesisClientLibConfiguration;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.ShutdownReason;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.Worker;
import com.amazonaws.services.kinesis.clientlibrary.types.InitializationInput;
import com.amazonaws.services.kinesis.clientlibrary.types.ProcessRecordsInput;
import com.amazonaws.services.kinesis.clientlibrary.types.ShutdownInput;
import com.amazonaws.services.kinesis.metrics.interfaces.MetricsLevel;
import com.amazonaws.services.kinesis.model.Record;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * StreamsWorker's like with version 1 of the adapter, which is built on version 1 of the library.
 *
 * <p>OldStreamsWorker STREAMS_URL DYNAMODB_URL STREAM_ARN APPLICATION WORKER FAILOVER_MILLIS FILE
 */
public final class OldStreamsWorker {
  private static final AWSCredentialsProvider CREDENTIALS =
      new AWSStaticCredentialsProvider(new BasicAWSCredentials("k", "s"));

  private static final class Recording implements IRecordProcessor, IShutdownNotificationAware {
    private final Recorder recorder;

    Recording(Recorder recorder) {
      this.recorder = recorder;
    }

    @Override
    public void initialize(InitializationInput input) {}

    @Override
    public void processRecords(ProcessRecordsInput input) {
      if (input.getRecords().isEmpty()) return;
      List<String> keys = new ArrayList<>();
      for (Record record : input.getRecords()) {
        keys.add(((RecordAdapter) record).getInternalObject().getDynamodb().getKeys().get("pk").getS());
      }
      recorder.write(keys);
      checkpoint(input.getCheckpointer());
    }

    @Override
    public void shutdown(ShutdownInput input) {
      if (input.getShutdownReason() == ShutdownReason.TERMINATE) checkpoint(input.getCheckpointer());
    }

    @Override
    public void shutdownRequested(IRecordProcessorCheckpointer checkpointer) {
      checkpoint(checkpointer);
    }

    /** The library goes on behind what threw: so nothing is to go on, but where the lease is another's. */
    private static void checkpoint(IRecordProcessorCheckpointer checkpointer) {
      try {
        checkpointer.checkpoint();
      } catch (com.amazonaws.services.kinesis.clientlibrary.exceptions.ShutdownException lost) {
        System.err.println("the lease is another's: " + lost.getMessage());
      } catch (Exception e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(1);
      }
    }
  }

  private static <B extends AwsClientBuilder<B, C>, C> C client(B builder, String url) {
    return builder
        .withEndpointConfiguration(new EndpointConfiguration(url, "us-east-1"))
        .withCredentials(CREDENTIALS)
        .build();
  }

  public static void main(String[] words) throws Exception {
    Recorder recorder = new Recorder(words[6]);
    KinesisClientLibConfiguration settings =
        new KinesisClientLibConfiguration(words[3], words[2], CREDENTIALS, words[4])
            .withInitialPositionInStream(InitialPositionInStream.TRIM_HORIZON)
            .withMetricsLevel(MetricsLevel.NONE)
            .withFailoverTimeMillis(Long.parseLong(words[5]))
            .withShardSyncIntervalMillis(1000)
            .withParentShardPollIntervalMillis(500)
            .withMaxRecords(1000)
            .withIdleTimeBetweenReadsInMillis(250);
    Worker worker =
        StreamsWorkerFactory.createDynamoDbStreamsWorker(
            () -> new Recording(recorder),
            settings,
            new AmazonDynamoDBStreamsAdapterClient(client(AmazonDynamoDBStreamsClientBuilder.standard(), words[0])),
            client(AmazonDynamoDBClientBuilder.standard(), words[1]),
            client(AmazonCloudWatchClientBuilder.standard(), words[1]));
    Recorder.run(worker, () -> worker.startGracefulShutdown().get(60, TimeUnit.SECONDS));
  }
}
