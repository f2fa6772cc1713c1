/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sluice-fake-erp: makes a legacy database to stand against, through ODBC: into SQLite by default,
 * into any database that a connection string names. As ugly as they are: numbers as padded text,
 * dates as integers with 0 for none, codes, cents, thousandths, blanks where nothing is known. The
 * rows follow from their numbers, so that a test can tell what must come.
 *
 *     sluice-fake-erp [--orders N] [--customers N] [--stock N] [--lines N] FILE.db
 *     sluice-fake-erp --connection "Driver=PostgreSQL Unicode;…"
 *
 * What was there of these tables before is gone.
 */
#include <getopt.h>
#include <sql.h>
#include <sqlext.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/buf.h"

enum { ROWS_PER_INSERT = 250, SKUS = 200, VALUE = 160 };

typedef struct seed {
  SQLHENV env;
  SQLHDBC dbc;
  bool sqlite;
  long customers, orders, stock;
  long lines; /* of an order, on average */
  sl_buf_t insert;
  size_t in_insert;
} seed_t;

static void die(SQLSMALLINT kind, SQLHANDLE handle, const char *what)
{
  SQLCHAR state[6] = "", text[512] = "";
  SQLINTEGER native = 0;
  SQLSMALLINT len = 0;
  SQLGetDiagRec(kind, handle, 1, state, &native, text, sizeof text, &len);
  fprintf(stderr, "sluice-fake-erp: %s: %s %s\n", what, state, text);
  exit(1);
}

static void execute(const seed_t *self, const char *text)
{
  SQLHSTMT h;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, self->dbc, &h)))
    die(SQL_HANDLE_DBC, self->dbc, "no statement");
  SQLRETURN rc = SQLExecDirect(h, (SQLCHAR *)(uintptr_t)text, SQL_NTS);
  if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA) die(SQL_HANDLE_STMT, h, text);
  SQLFreeHandle(SQL_HANDLE_STMT, h);
}

static void open_database(seed_t *self, const char *connection)
{
  char dbms[64] = "";
  SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &self->env);
  SQLSetEnvAttr(self->env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
  SQLAllocHandle(SQL_HANDLE_DBC, self->env, &self->dbc);
  if (!SQL_SUCCEEDED(SQLDriverConnect(self->dbc, NULL, (SQLCHAR *)(uintptr_t)connection, SQL_NTS,
                                      NULL, 0, NULL, SQL_DRIVER_NOPROMPT)))
    die(SQL_HANDLE_DBC, self->dbc, "cannot connect");
  SQLGetInfo(self->dbc, SQL_DBMS_NAME, dbms, sizeof dbms, NULL);
  self->sqlite = strcmp(dbms, "SQLite") == 0;
}

static void close_database(seed_t *self)
{
  SQLDisconnect(self->dbc);
  SQLFreeHandle(SQL_HANDLE_DBC, self->dbc);
  SQLFreeHandle(SQL_HANDLE_ENV, self->env);
}

/* --- rows, many to a statement
 * --------------------------------------------------------------------- */

static void flush(seed_t *self)
{
  if (self->in_insert) execute(self, sl_buf_z(&self->insert));
  sl_buf_clear(&self->insert);
  self->in_insert = 0;
}

static void row(seed_t *self, const char *table)
{
  if (self->in_insert == ROWS_PER_INSERT) flush(self);
  if (self->in_insert++ == 0)
    sl_buf_printf(&self->insert, "INSERT INTO %s VALUES (", table);
  else
    sl_buf_addz(&self->insert, ",(");
}

static void comma(seed_t *self)
{
  char before = self->insert.p[self->insert.len - 1];
  if (before != '(') sl_buf_addc(&self->insert, ',');
}

static void end(seed_t *self)
{
  sl_buf_addc(&self->insert, ')');
}

static void text(seed_t *self, const char *value) /* NULL: NULL */
{
  comma(self);
  if (!value) {
    sl_buf_addz(&self->insert, "NULL");
    return;
  }
  sl_buf_addc(&self->insert, '\'');
  for (const char *p = value; *p; p++) {
    if (*p == '\'') sl_buf_addc(&self->insert, '\'');
    sl_buf_addc(&self->insert, *p);
  }
  sl_buf_addc(&self->insert, '\'');
}

static void number(seed_t *self, long value)
{
  comma(self);
  sl_buf_printf(&self->insert, "%ld", value);
}

/* --- the values
 * ------------------------------------------------------------------------------------ */

static const char *const first_names[] = {"Anna",  "Bożena", "Carl", "Dörte",
                                          "Émile", "Frank",  "Łucja"};
static const char *const last_names[] = {"Nowak", "Müller", "O'Brien",   "Żółć",
                                         "Smith", "García", "Østergård", "Weiß"};
static const char *const cities[] = {"Łódź", "München", "Kraków", "Wien", "Zürich", "Gdańsk"};
static const char *const countries[] = {"616", "276", "616", "040", "756", "616"};

#define OF(table, n) (table)[(size_t)(n) % (sizeof(table) / sizeof *(table))]

/* CHAR columns come padded, in characters. */
static void padded(seed_t *self, const char *value, size_t width)
{
  char full[VALUE];
  size_t chars = 0;
  for (const char *p = value; *p; p++) chars += ((unsigned char)*p & 0xc0) != 0x80;
  snprintf(full, sizeof full, "%s%*s", value, chars < width ? (int)(width - chars) : 0, "");
  text(self, full);
}

/* Days that exist in every month, from 2019 on. */
static long day(long n)
{
  return (2019 + n / 336 % 8) * 10000 + (1 + n / 28 % 12) * 100 + 1 + n % 28;
}

static void customer(seed_t *self, long n)
{
  char no[VALUE], name[VALUE], email[VALUE], change[VALUE];
  snprintf(no, sizeof no, "%010ld", n);
  snprintf(name, sizeof name, "%s %s", OF(first_names, n), OF(last_names, n));
  snprintf(email, sizeof email, "c%ld@example.org", n);
  snprintf(change, sizeof change, "%ld%02ld%02ld%02ld", day(n * 7), n % 24, n % 60, n * 7 % 60);
  row(self, "CUSTOMERS");
  text(self, no);
  padded(self, name, 40);
  text(self, n % 5 ? NULL : "c/o Magazyn Główny");
  text(self, OF(countries, n));
  text(self, OF(cities, n));
  text(self, n % 3 ? email : n % 2 ? "" : NULL);
  text(self, n % 17 == 0 ? "B" : n % 11 == 0 ? "I" : "A");
  text(self, n % 10 == 0 ? "Y" : n % 10 == 1 ? NULL : "N");
  number(self, n * 12345);
  text(self, n % 4 ? NULL : "2.50");
  number(self, n % 9 ? day(n) : 0);
  text(self, change);
  end(self);
}

/* STAT: most orders are shipped, every seventh is open. */
static void order(seed_t *self, long n)
{
  char customer_no[VALUE], ref[VALUE];
  snprintf(customer_no, sizeof customer_no, "%010ld", 1 + n * 7919 % self->customers);
  snprintf(ref, sizeof ref, "PO-%ld/%02ld", n, n % 100);
  row(self, "ORDERS");
  number(self, n);
  text(self, customer_no);
  text(self, n % 7 == 0 ? "10" : n % 31 == 0 ? "99" : n % 5 == 0 ? "20" : "90");
  number(self, day(n));
  number(self, n % 7 == 0 ? 0 : day(n + 3));
  text(self, n % 13 ? "EUR" : "PLN");
  number(self, n * 199 % 1000000 + 5);
  text(self, n % 6 ? NULL : "12.90");
  text(self, n % 2 ? ref : NULL);
  text(self, n % 50 ? NULL : "Dostawa \"na wczoraj\"; uwaga: \\ i 'apostrof'");
  end(self);
}

static void order_line(seed_t *self, long order_id, long nr)
{
  char sku[VALUE];
  snprintf(sku, sizeof sku, "SKU-%06ld", (order_id * 31 + nr * 7) % SKUS);
  row(self, "ORDER_LINES");
  number(self, order_id);
  number(self, nr);
  padded(self, sku, 18);
  number(self, 1000 + (order_id + nr) % 9 * 250);
  number(self, 99 + (order_id * 13 + nr) % 100000);
  text(self, nr % 4 ? NULL : "gift");
  end(self);
}

static void stock(seed_t *self, long n)
{
  char sku[VALUE], descr[VALUE], bin[VALUE];
  static const char *const houses[] = {"LDZ", "MUC", "WAW"};
  snprintf(sku, sizeof sku, "SKU-%06ld", n / 3);
  snprintf(descr, sizeof descr, "Część %ld – %s", n / 3, OF(cities, n / 3));
  snprintf(bin, sizeof bin, "%c-%02ld", 'A' + (int)(n % 26), n % 40);
  row(self, "STOCK");
  padded(self, sku, 18);
  text(self, OF(houses, n));
  text(self, descr);
  number(self, n * 37 % 5000);
  if (n % 8)
    number(self, n % 20);
  else
    text(self, NULL);
  text(self, n % 12 ? bin : "");
  number(self, n % 10 ? day(n * 3) : 0);
  end(self);
}

/* Values that many a bridge harms. */
static void ledger(seed_t *self)
{
  static const char *const amounts[] = {"12345678901234567.8900", "-0.01", "0.0000",
                                        "-98765432109876543.2100"};
  static const char *const numbers[] = {"1234567890123456789012345678901234567890", "0", "7",
                                        "9007199254740993"};
  static const char *const memos[] = {"Łódź", "", "a\tb\nc", NULL};
  for (long n = 0; n < 4; n++) {
    row(self, "LEDGER");
    number(self, n + 1);
    text(self, amounts[n]);
    text(self, numbers[n]);
    text(self, memos[n]);
    end(self);
  }
  flush(self);
}

/* --- the tables
 * -------------------------------------------------------------------------------------- */

/* SQLite's DECIMAL is a double: exact amounts are TEXT there. */
static void create(const seed_t *self)
{
  static const char *const tables[] = {"ORDER_LINES", "ORDERS", "CUSTOMERS", "STOCK", "LEDGER"};
  const char *money = self->sqlite ? "TEXT" : "NUMERIC(15,2)";
  const char *big = self->sqlite ? "TEXT" : "NUMERIC(40,0)";
  const char *exact = self->sqlite ? "TEXT" : "NUMERIC(21,4)";
  sl_buf_t b;
  sl_buf_init(&b, 0);
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    sl_buf_clear(&b);
    sl_buf_printf(&b, "DROP TABLE IF EXISTS %s", tables[i]);
    execute(self, sl_buf_z(&b));
  }
  sl_buf_clear(&b);
  sl_buf_printf(&b,
                "CREATE TABLE CUSTOMERS (CUST_NO CHAR(10) NOT NULL PRIMARY KEY, CUST_NM CHAR(40) "
                "NOT NULL, CUST_NM2 VARCHAR(40), CTRY_CD CHAR(3) NOT NULL, CITY VARCHAR(30) NOT "
                "NULL, EMAIL VARCHAR(80), STAT CHAR(1) NOT NULL, VIP_FLG CHAR(1), CR_LIMIT_CT "
                "BIGINT NOT NULL, DISC_PCT %s, SINCE_DT INTEGER NOT NULL, LAST_CHG CHAR(14) NOT "
                "NULL)",
                self->sqlite ? "TEXT" : "NUMERIC(5,2)");
  execute(self, sl_buf_z(&b));
  sl_buf_clear(&b);
  sl_buf_printf(&b,
                "CREATE TABLE ORDERS (ORD_ID BIGINT NOT NULL PRIMARY KEY, CUST_NO CHAR(10) NOT "
                "NULL REFERENCES CUSTOMERS(CUST_NO), STAT CHAR(2) NOT NULL, ORD_DT INTEGER NOT "
                "NULL, DLV_DT INTEGER NOT NULL, CURR CHAR(3) NOT NULL, TOTAL_CT BIGINT NOT NULL, "
                "FREIGHT %s, REF VARCHAR(20), NOTE VARCHAR(200))",
                money);
  execute(self, sl_buf_z(&b));
  execute(self, "CREATE TABLE ORDER_LINES (ORD_ID BIGINT NOT NULL REFERENCES ORDERS(ORD_ID), "
                "LINE_NO SMALLINT NOT NULL, SKU CHAR(18) NOT NULL, QTY_M INTEGER NOT NULL, "
                "PRICE_CT BIGINT NOT NULL, REMARK VARCHAR(60), PRIMARY KEY (ORD_ID, LINE_NO))");
  execute(self, "CREATE TABLE STOCK (SKU CHAR(18) NOT NULL, WHS CHAR(3) NOT NULL, DESCR "
                "VARCHAR(60) NOT NULL, ON_HAND INTEGER NOT NULL, RESERVED INTEGER, BIN_LOC "
                "VARCHAR(12), LAST_CNT INTEGER NOT NULL, PRIMARY KEY (SKU, WHS))");
  sl_buf_clear(&b);
  sl_buf_printf(&b,
                "CREATE TABLE LEDGER (ENTRY_ID BIGINT NOT NULL PRIMARY KEY, AMOUNT %s NOT NULL, "
                "BIG_NO %s NOT NULL, MEMO VARCHAR(60))",
                exact, big);
  execute(self, sl_buf_z(&b));
  sl_buf_fini(&b);
}

static void fill(seed_t *self)
{
  for (long n = 1; n <= self->customers; n++) customer(self, n);
  flush(self);
  for (long n = 1; n <= self->orders; n++) order(self, n);
  flush(self);
  for (long n = 1; self->lines && n <= self->orders; n++)
    for (long nr = 1; nr <= self->lines - 1 + n % 3; nr++) order_line(self, n, nr);
  flush(self);
  for (long n = 0; n < self->stock; n++) stock(self, n);
  flush(self);
  ledger(self);
}

static void seed(seed_t *self)
{
  /* WAL, as a reader in mid-fetch locks writers out of a rollback journal. It stays with the file.
   */
  if (self->sqlite) {
    execute(self, "PRAGMA journal_mode=WAL");
    execute(self, "PRAGMA synchronous=OFF");
  }
  execute(self, "BEGIN");
  create(self);
  fill(self);
  execute(self, "CREATE INDEX ORDERS_CUST ON ORDERS (CUST_NO)");
  execute(self, "CREATE INDEX ORDERS_STAT ON ORDERS (STAT, ORD_ID)");
  execute(self, "COMMIT");
}

/* --- the program
 * -------------------------------------------------------------------------------------- */

static int usage(FILE *out)
{
  fputs("Usage: sluice-fake-erp [OPTION]… FILE.db | --connection STRING\n"
        "Makes the legacy ERP database of the examples and tests, in SQLite or elsewhere.\n\n"
        "  --customers N     1000\n"
        "  --orders N        10000\n"
        "  --lines N         3: of an order, on average; 0: none\n"
        "  --stock N         600\n"
        "  --connection STR  ODBC connection string instead of a file\n",
        out);
  return out == stdout ? 0 : 2;
}

static const struct option longs[] = {
    {"customers", required_argument, NULL, 'c'},
    {"orders", required_argument, NULL, 'o'},
    {"lines", required_argument, NULL, 'l'},
    {"stock", required_argument, NULL, 's'},
    {"connection", required_argument, NULL, 'C'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

int main(int argc, char **argv)
{
  seed_t self = {.customers = 1000, .orders = 10000, .stock = 600, .lines = 3};
  char path[4096 + 64];
  const char *connection = NULL;
  for (int c; (c = getopt_long(argc, argv, "h", longs, NULL)) != -1;) switch (c) {
    case 'c': self.customers = strtol(optarg, NULL, 10); break;
    case 'o': self.orders = strtol(optarg, NULL, 10); break;
    case 'l': self.lines = strtol(optarg, NULL, 10); break;
    case 's': self.stock = strtol(optarg, NULL, 10); break;
    case 'C': connection = optarg; break;
    case 'h': return usage(stdout);
    default: return usage(stderr);
    }
  if (!connection && argc - optind != 1) return usage(stderr);
  if (self.customers < 1 || self.orders < 0 || self.lines < 0 || self.stock < 0)
    return usage(stderr);
  if (!connection) {
    snprintf(path, sizeof path, "Driver=SQLite3;Database=%.4096s", argv[optind]);
    connection = path;
  }
  sl_buf_init(&self.insert, 0);
  open_database(&self, connection);
  seed(&self);
  close_database(&self);
  sl_buf_fini(&self.insert);
  printf("%ld customers, %ld orders, %ld stock rows\n", self.customers, self.orders, self.stock);
  return 0;
}
