#include "serve.h"

#include <httplib.h>

#include <iostream>

namespace ctk::bench {

int serve(const std::function<Reply(const std::string&, const std::string&)>& answer) {
  constexpr size_t kConnections = 80;
  httplib::Server server;
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1'000'000'000);
  server.new_task_queue = [] { return new httplib::ThreadPool(kConnections); };
  server.Post("/", [&answer](const httplib::Request& request, httplib::Response& response) {
    const Reply reply = answer(request.get_header_value("X-Amz-Target"), request.body);
    response.status = reply.status;
    response.set_content(reply.body, reply.content_type);
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::cout << "listening on http://127.0.0.1:" << port << std::endl;
  return server.listen_after_bind() ? 0 : 1;
}

}  // namespace ctk::bench
