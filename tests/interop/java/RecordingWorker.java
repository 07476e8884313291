import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/**
 * A worker on a Kinesis stream that is honest about what it has done: it writes down each record's key, and only then
 * checkpoints.
 *
 * <p>RecordingWorker KINESIS_URL DYNAMODB_URL STREAM APPLICATION WORKER FAILOVER_MILLIS FILE
 */
public final class RecordingWorker {
  private static final class Recording extends Processor {
    private final ObjectMapper json = new ObjectMapper();
    private final Recorder recorder;

    Recording(Recorder recorder) {
      this.recorder = recorder;
    }

    @Override
    public void processRecords(ProcessRecordsInput input) {
      guarded(
          () -> {
            if (input.records().isEmpty()) return;
            List<String> keys = new ArrayList<>();
            for (KinesisClientRecord record : input.records()) keys.add(key(record.data()));
            recorder.write(keys);
            input.checkpointer().checkpoint();
          });
    }

    private String key(ByteBuffer data) throws java.io.IOException {
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      return json.readTree(bytes).at("/dynamodb/Keys/pk/S").asText();
    }
  }

  public static void main(String[] words) throws Exception {
    Recorder recorder = new Recorder(words[6]);
    Kcl kcl = new Kcl(words[0], words[1], words[2], words[3], words[4], () -> new Recording(recorder));
    Kcl.record(kcl.scheduler(new Settings(kcl.configs).shortPauses(Long.parseLong(words[5]))));
  }
}
