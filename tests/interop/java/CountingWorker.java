import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/**
 * What {@code ./dev bench kcl} measures the relay against: a worker that does the least a consumer does. It parses each
 * record's JSON, counts it, and checkpoints each shard at most once a second. It ends itself after COUNT records and prints
 * {@code {"records": N, "wall_seconds": W, "cpu_seconds": C}}, all from WARM_UP seconds after the first record to the last:
 * the start of the virtual machine, the library's wait for its leases, well over a minute, and the first work of its
 * compiler do not count. COUNT records must take longer than that.
 *
 * <p>CountingWorker KINESIS_URL DYNAMODB_URL STREAM COUNT WARM_UP
 */
public final class CountingWorker {
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final long wanted;
  private final long warmUp;
  private final AtomicLong seen = new AtomicLong();
  private long firstWall;
  private long warmWall;
  private long warmCpu;
  private long warmSeen;

  private CountingWorker(long wanted, long warmUpSeconds) {
    this.wanted = wanted;
    this.warmUp = warmUpSeconds * 1_000_000_000L;
  }

  private synchronized void began() {
    final long now = System.nanoTime();
    if (firstWall == 0) firstWall = now;
    if (warmWall != 0 || now - firstWall < warmUp) return;
    warmWall = now;
    warmCpu = PROCESS.getProcessCpuTime();
    warmSeen = seen.get();
  }

  private void count(int records) {
    if (seen.addAndGet(records) < wanted) return;
    synchronized (this) {
      if (warmWall == 0) throw new IllegalStateException("it was over before it was warm: more records are needed");
      double wall = (System.nanoTime() - warmWall) / 1e9;
      double cpu = (PROCESS.getProcessCpuTime() - warmCpu) / 1e9;
      System.out.printf(
          Locale.ROOT,
          "{\"records\": %d, \"wall_seconds\": %.3f, \"cpu_seconds\": %.3f}%n",
          seen.get() - warmSeen,
          wall,
          cpu);
    }
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private final class Counting extends Processor {
    private final ObjectMapper json = new ObjectMapper();
    private long checkpointed = System.nanoTime();

    @Override
    public void processRecords(ProcessRecordsInput input) {
      guarded(
          () -> {
            if (input.records().isEmpty()) return;
            began();
            for (KinesisClientRecord record : input.records()) {
              byte[] data = new byte[record.data().remaining()];
              record.data().get(data);
              if (!json.readTree(data).has("dynamodb")) throw new IllegalStateException("no change of DynamoDB");
            }
            if (System.nanoTime() - checkpointed > 1_000_000_000L) {
              input.checkpointer().checkpoint();
              checkpointed = System.nanoTime();
            }
            count(input.records().size());
          });
    }
  }

  public static void main(String[] words) {
    CountingWorker worker = new CountingWorker(Long.parseLong(words[3]), Long.parseLong(words[4]));
    new Kcl(words[0], words[1], words[2], "counting-" + UUID.randomUUID(), "worker", () -> worker.new Counting())
        .plain()
        .run();
  }
}
