#!/bin/sh
# Runs KCL's MultiLangDaemon beside ctk. CLASSPATH: the jars of amazon-kinesis-client-multilang and what it needs, such as
# mvn dependency:copy-dependencies brings into one folder (CLASSPATH='/opt/kcl/*').
set -eu
cd "$(dirname "$0")"

: "${CLASSPATH:?the jars of amazon-kinesis-client-multilang}"
# Where rows go, and how: any target and options of `ctk load`, split as a shell would.
export CTK_TARGET="${CTK_TARGET:-postgresql:///cdc?table=public.demo}"
export CTK_OPTIONS="${CTK_OPTIONS:---source-table demo --log-format json}"

exec java -cp "$CLASSPATH" software.amazon.kinesis.multilang.MultiLangDaemon --properties-file ctk.properties
