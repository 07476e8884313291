#include "observe/door.h"

#include <gtest/gtest.h>

namespace ctk::observe {
namespace {

net::ServedRequest request(const std::string& host, const std::string& authorization = "") {
  net::ServedRequest request;
  if (!host.empty()) request.headers.emplace_back("host", host);
  if (!authorization.empty()) request.headers.emplace_back("authorization", authorization);
  return request;
}

int status(const Door& door, const net::ServedRequest& request) {
  const auto refused = refuse(door, request);
  return refused ? refused->status : 200;
}

TEST(Door, OnLoopbackTheNameHasToBeOurs) {
  const Door door;
  for (const char* host : {"localhost:8080", "127.0.0.1:1", "127.0.0.1", "[::1]:8080"})
    EXPECT_EQ(status(door, request(host)), 200) << host;
  for (const char* host : {"", "evil.example:8080", "[evil", "127.0.0.1.evil.example"})
    EXPECT_EQ(status(door, request(host)), 421) << host;
}

TEST(Door, ATokenIsAskedForWhereThereIsOne) {
  const Door door{Secret("right"), false};
  EXPECT_EQ(status(door, request("anything", "Bearer right")), 200);
  EXPECT_EQ(status(door, request("anything", "bearer right")), 200);
  for (const char* wrong :
       {"", "right", "Bearer", "Bearer ", "Bearer wrong", "Bearer righ", "Bearer rightright", "Basic right"})
    EXPECT_EQ(status(door, request("127.0.0.1", wrong)), 401) << wrong;
  EXPECT_FALSE(refuse_page(door, request("anything"))) << "it asks for the token by itself";
}

TEST(Door, AnOpenOneIsOpen) { EXPECT_EQ(status({std::nullopt, true}, request("anything")), 200); }

}  // namespace
}  // namespace ctk::observe
