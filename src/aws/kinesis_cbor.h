// The CBOR of Kinesis where it matters: pages of records, whose data comes as it is. Pure.
#pragma once

#include <string>

#include "aws/kinesis_api.h"
#include "aws/kinesis_wire.h"
#include "base/error.h"

namespace ctk::aws {

/// As read_record_page, of an answer in CBOR, in which its records stay.
Result<RecordPage> read_cbor_record_page(std::string body, PageNames names = kRecordsAnswer);

}  // namespace ctk::aws
