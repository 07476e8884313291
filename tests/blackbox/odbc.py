"""Targets as URLs of Debian's ODBC drivers name them."""
import urllib.parse

from harness import MariadbTarget, PostgresTarget, SqliteTarget


def odbc_url(table, connection, **options):
    """connection: a connection string."""
    query = "".join(f"&{name}={value}" for name, value in options.items())
    return f"odbc:///?connection={urllib.parse.quote(connection, safe='')}&table={table}{query}"


class SqliteByOdbc:
    """Before SqliteTarget: the same file by its ODBC driver; so are the two below."""

    def url(self, table="demo", **options):
        return odbc_url(table, f"DRIVER=SQLite3;DATABASE={self.path}", **options)


class PostgresByOdbc:
    def url(self, table="demo", **options):
        return odbc_url(f"{self.schema}.{table}", "DRIVER=PostgreSQL Unicode;SERVER=127.0.0.1;"
                        f"PORT={self.server.port};DATABASE=ctk;UID=ctk;PWD=secret", **options)


class MariadbByOdbc:
    def url(self, table="demo", **options):
        return odbc_url(table, f"DRIVER=MariaDB Unicode;SERVER=127.0.0.1;PORT={self.server.port};"
                        f"DATABASE={self.database};UID=ctk;PWD=secret", **options)


class OdbcPostgresTarget(PostgresByOdbc, PostgresTarget):
    pass


class OdbcMariadbTarget(MariadbByOdbc, MariadbTarget):
    pass


class OdbcSqliteTarget(SqliteByOdbc, SqliteTarget):
    pass
