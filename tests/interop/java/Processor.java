import software.amazon.kinesis.exceptions.InvalidStateException;
import software.amazon.kinesis.exceptions.ShutdownException;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.processor.RecordProcessorCheckpointer;
import software.amazon.kinesis.processor.ShardRecordProcessor;

/** One shard's records: all that workers do alike. */
abstract class Processor implements ShardRecordProcessor {
  interface Work {
    void run() throws Exception;
  }

  /** The library goes on behind what threw: so nothing is to go on. */
  static void guarded(Work work) {
    try {
      work.run();
    } catch (ShutdownException lost) {
      System.err.println("the lease is another's: " + lost.getMessage());
    } catch (Exception e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  @Override
  public void initialize(InitializationInput input) {}

  @Override
  public void leaseLost(LeaseLostInput input) {}

  @Override
  public void shardEnded(ShardEndedInput input) {
    last(input.checkpointer());
  }

  @Override
  public void shutdownRequested(ShutdownRequestedInput input) {
    last(input.checkpointer());
  }

  private static void last(RecordProcessorCheckpointer checkpointer) {
    try {
      checkpointer.checkpoint();
    } catch (InvalidStateException | ShutdownException e) {
      e.printStackTrace();
    }
  }
}
