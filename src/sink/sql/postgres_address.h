// From a target's URL and options to libpq's connection settings.
#pragma once

#include <string>

#include "sink/sql/postgres_driver.h"
#include "sink/target_options.h"

namespace ctk::sink::sql {

/// `postgresql://USER:PASSWORD@HOST:PORT,…/DATABASE?schema=&table=&NAME=VALUE`, where NAME is any of libpq's; libpq itself
/// adds what its environment, service file and password file say. Settings stand in the order in which the later one wins.
PostgresAddress address_of(const TargetOptions& options);

}  // namespace ctk::sink::sql
