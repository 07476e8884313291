import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A file of the keys of what was read, a line each. */
final class Recorder {
  /** How a worker ends that is told to. */
  interface Ending {
    void run() throws Exception;
  }

  private final FileOutputStream file;

  Recorder(String path) throws IOException {
    file = new FileOutputStream(path, true);
  }

  synchronized void write(List<String> keys) {
    StringBuilder lines = new StringBuilder();
    for (String key : keys) lines.append(key).append('\n');
    try {
      file.write(lines.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Until the process is told to end: then as an application ends that cares. */
  static void run(Runnable worker, Ending ending) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try {
                    ending.run();
                  } catch (Exception e) {
                    e.printStackTrace();
                  }
                }));
    worker.run();
  }
}
