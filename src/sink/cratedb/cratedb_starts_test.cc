// How this sink begins with a server: reaching it, and the table and its view.
#include <gmock/gmock.h>

#include "sink/cratedb/cratedb_backends_test.h"

namespace ctk::sink::testing {
namespace {

using cratedb::testing::error_response;
using cratedb::testing::json_response;
using std::chrono::seconds;
using ::testing::HasSubstr;
using Reply = std::optional<Result<net::HttpResponse>>;

class CrateStarts : public OnFakeCrateDb {
 protected:
  Result<bool> connect(Sink& to) {
    return await<bool>([&](auto done) { to.connect(std::move(done)); });
  }
};

TEST_P(CrateStarts, NoForeignAnswerEndsAStart) {
  const std::vector<std::function<net::HttpResponse(net::HttpResponse)>> spoils = {
      [](net::HttpResponse own) {
        own.body.resize(own.body.size() / 2);
        return own;
      },
      [](const net::HttpResponse&) {
        return net::HttpResponse{.status = 404, .headers = {{"content-type", "text/html"}}, .body = "<html>no</html>"};
      },
      [](const net::HttpResponse&) { return net::HttpResponse{.status = 403, .headers = {}, .body = ""}; }};
  for (const auto& spoil : spoils) {
    // Each of its answers is spoilt in one start.
    for (int nth = 0, asked = 1; nth < asked; nth++) {
      asked = 0;
      server().intercept = [&](const net::HttpRequest& request) -> Reply {
        if (asked++ != nth) return std::nullopt;
        return spoil(server().answer(request));
      };
      options.schema += "x";  // one that is not there yet
      sink = backend->make_sink(options);
      const Result<bool> connected = connect(*sink);
      ASSERT_TRUE(connected) << nth << ": " << to_string(connected.error());
      const auto records =
          await<std::vector<coordination::TableRecord>>([&](auto done) { sink->records(std::move(done)); });
      ASSERT_TRUE(records) << nth << ": " << to_string(records.error());
      const Result<OpenTable> fresh = open(*sink, "fresh", *change);
      ASSERT_TRUE(fresh) << nth << ": " << to_string(fresh.error());
    }
  }
}

TEST_P(CrateStarts, ASilentNodeIsSetAside) {
  options.url.hosts = {{"one", 4200}, {"two", std::nullopt}};
  sink = backend->make_sink(options);
  std::vector<std::string> asked;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    asked.push_back(request.url.substr(0, request.url.find('/', 8)));
    if (asked.back() == "http://one:4200") return fail(ErrorKind::unreachable, "connection refused");
    return std::nullopt;
  };
  EXPECT_TRUE(connect(*sink)) << "the other one answers";
  EXPECT_TRUE(connect(*sink));
  EXPECT_TRUE(connect(*sink));
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "http://one:4200"), 1);
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "http://two:4200"), 6);
}

TEST_P(CrateStarts, ASilentServerTakesNoLongerThanAStart) {
  options.url.hosts = {{"one", 4200}, {"two", 4200}, {"three", 4200}};
  options.start_timeout = seconds(4);
  bool greets = false;
  server().delay = [&](const net::HttpRequest& request) {
    return greets && request.method == "GET" ? Duration(0) : request.timeout;
  };
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (greets && request.method == "GET") return std::nullopt;
    return fail(ErrorKind::unreachable, "no answer");
  };
  Duration begun{};
  const auto begin = [&] {
    sink = backend->make_sink(options);
    begun = backend->clock().monotonic();
  };
  const auto taken = [&] { return backend->clock().monotonic() - begun; };
  begin();
  const Result<bool> connected = connect(*sink);
  ASSERT_FALSE(connected);
  EXPECT_THAT(to_string(connected.error()), HasSubstr("http://three:4200"));
  EXPECT_GE(taken(), seconds(3));
  EXPECT_LE(taken(), seconds(4));

  greets = true;
  begin();
  EXPECT_FALSE(connect(*sink)) << "statements are not answered";
  EXPECT_LE(taken(), seconds(4));
  // Once it has answered a statement, it has the time that statements take.
  server().delay = nullptr;
  server().intercept = nullptr;
  ASSERT_TRUE(await<bool>([&](auto done) { sink->exists(name("demo"), std::move(done)); }));
  Duration patience{};
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    patience = request.timeout;
    return std::nullopt;
  };
  ASSERT_TRUE(await<bool>([&](auto done) { sink->exists(name("demo"), std::move(done)); }));
  EXPECT_GT(patience, seconds(60));
}

TEST_P(CrateStarts, AnotherPortIsToldOfTheOneForHttp) {
  server().intercept = [](const net::HttpRequest&) -> Reply {
    return fail(ErrorKind::unreachable, "one:6543 hung up", "", std::string(net::kSpeaksNoHttp));
  };
  auto other = backend->make_sink(options);
  const Result<bool> connected = connect(*other);
  ASSERT_FALSE(connected);
  EXPECT_THAT(connected.error().hint, HasSubstr("port is 4200"));
  const Result<BatchOutcome> later = apply(batch_of(Changes{change}));
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().hint, "") << "it has spoken HTTP before";
}

TEST_P(CrateStarts, AWrongPasswordIsDeniedAtOnce) {
  server().authorization = "Basic Y3JhdGU6czNjcmV0";  // crate:s3cret
  options.url.user = "crate";
  options.url.password = Secret("wrong");
  sink = backend->make_sink(options);
  Result<bool> connected = connect(*sink);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind, ErrorKind::denied);
  EXPECT_EQ(to_string(connected.error()).find("wrong"), std::string::npos);
  options.url.password = Secret("s3cret");
  sink = backend->make_sink(options);
  connected = connect(*sink);
  EXPECT_TRUE(connected);
}

TEST_P(CrateStarts, AnOldServerIsRefused) {
  server().intercept = [](const net::HttpRequest& request) -> Reply {
    if (request.method != "GET") return std::nullopt;
    return json_response(200, R"({"ok":true,"status":200,"version":{"number":"4.6.8"}})");
  };
  const Result<bool> connected = connect(*sink);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind, ErrorKind::refused);
}

TEST_P(CrateStarts, AStartSendsNoDdlForWhatIsThere) {
  std::vector<std::string> sent;
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    for (const char* word : {"CREATE TABLE IF", "CREATE VIEW", "OR REPLACE", "ALTER", "DROP"}) {
      if (request.body.find(word) != std::string::npos) sent.push_back(request.body);
    }
    return std::nullopt;
  };
  sink = backend->make_sink(options);
  open(*change);
  EXPECT_EQ(sent, std::vector<std::string>{});
}

TEST_P(CrateStarts, AViewThatSomebodyElseIsQuickerToMakeIsLeft) {
  ASSERT_TRUE(query("DROP VIEW " + backend->quoted(name("demo_live"))));
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    if (request.body.find("CREATE VIEW") == std::string::npos) return std::nullopt;
    server().intercept = nullptr;
    server().answer(request);
    return std::nullopt;
  };
  sink = backend->make_sink(options);
  open(*change);
  EXPECT_EQ(opened->view, "test.demo_live");
  EXPECT_TRUE(backend->log_lines().empty());
}

TEST_P(CrateStarts, AViewThatMayNotBeMadeNamesItsOption) {
  ASSERT_TRUE(query("DROP VIEW " + backend->quoted(name("demo_live"))));
  server().intercept = [](const net::HttpRequest& request) -> Reply {
    if (request.body.find("CREATE VIEW") == std::string::npos) return std::nullopt;
    return error_response({4011, "MissingPrivilegeException[Missing 'DDL' privilege for user 'u']"});
  };
  sink = backend->make_sink(options);
  const Result<OpenTable> denied = open(*sink, "demo", *change);
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().kind, ErrorKind::denied);
  EXPECT_THAT(to_string(denied.error()), HasSubstr("live-view=false"));
  options.tables.live_view = false;
  sink = backend->make_sink(options);
  EXPECT_TRUE(open(*sink, "demo", *change));
}

TEST_P(CrateStarts, AViewThatTheServerRefusesIsDoneWithout) {
  ASSERT_TRUE(query("DROP VIEW " + backend->quoted(name("demo_live"))));
  server().intercept = [](const net::HttpRequest& request) -> Reply {
    if (request.body.find("CREATE VIEW") == std::string::npos) return std::nullopt;
    return error_response({4002, "InvalidRelationName[Relation name \"test.demo_live\" is invalid.]"});
  };
  sink = backend->make_sink(options);
  open(*change);
  EXPECT_EQ(opened->view, "");
  ASSERT_EQ(backend->log_lines().size(), 1u);
  EXPECT_THAT(backend->log_lines()[0], HasSubstr("InvalidRelationName"));
}

TEST_P(CrateStarts, AViewOfATableThatIsGoneGivesWayToATableOfItsName) {
  open(*change, "shop");
  ASSERT_TRUE(query("DROP TABLE " + backend->quoted(name("shop"))));
  const auto shown = query("SELECT view_definition FROM information_schema.views WHERE table_name = 'shop_live'");
  ASSERT_THAT(shown->rows.at(0).at(0).value(), ::testing::StartsWith("/* Corrupted view, needs fix */\nSELECT"));
  open(*change, "shop_live");
  apply(Changes{change});
  EXPECT_EQ(items().size(), 1u);
}

TEST_P(CrateStarts, AViewThatComesBetweenTheLookAndTheTableGoes) {
  open(*change, "shop");
  ASSERT_TRUE(query("DROP VIEW " + backend->quoted(name("shop_live"))));
  server().intercept = [&](const net::HttpRequest& request) -> Reply {
    const std::string wanted = R"(CREATE TABLE IF NOT EXISTS \"test\".\"shop_live\")";
    if (request.body.find(wanted) == std::string::npos) return std::nullopt;
    server().intercept = nullptr;
    net::HttpRequest view = request;
    view.body = R"~({"stmt":"CREATE VIEW test.shop_live AS SELECT pk, data, aux FROM test.shop WHERE )~"
                R"~(NOT coalesce(cdc_deleted, false)"})~";
    EXPECT_EQ(server().answer(view).status, 200);
    return std::nullopt;
  };
  open(*change, "shop_live");
  apply(Changes{change});
  EXPECT_EQ(items().size(), 1u);
  EXPECT_EQ(opened->view, "test.shop_live_live");
}

INSTANTIATE_TEST_SUITE_P(CrateDb, CrateStarts, ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
