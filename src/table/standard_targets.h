// What the databases are like that are reached through ODBC only, and the one of which nothing but standard SQL is known.
// Numbers of keys are texts to all of them: none of their decimals holds every number of DynamoDB's but Oracle's.
#pragma once

#include "table/target.h"

namespace ctk::table {

TargetTraits sqlserver_traits();
TargetTraits oracle_traits();
TargetTraits db2_traits();
TargetTraits duckdb_traits();
TargetTraits snowflake_traits();
TargetTraits generic_traits();

}  // namespace ctk::table
