// AWS's JSON protocol over HTTP for the benchmarks' endpoints, as fast as asked for.
#pragma once

#include <functional>
#include <string>

namespace ctk::bench {

struct Reply {
  std::string body;
  int status = 200;
  std::string content_type = "application/x-amz-json-1.1";
};

/// Prints "listening on http://127.0.0.1:PORT" and answers calls until the process is ended: `answer(target, body)` gives a
/// reply, `target` is X-Amz-Target. It is called from many threads at once. Returns an exit code.
int serve(const std::function<Reply(const std::string&, const std::string&)>& answer);

}  // namespace ctk::bench
