/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include "bus/security.h"
#include "cli/commands.h"

static const sl_opt_t options[] = {{.name = NULL}};

static const sl_opt_table_t table = {
    .program = "sluice keygen",
    .usage = "FILE",
    .purpose = "Makes a CURVE key pair for the bus over tcp: both keys go to FILE (which must not "
               "exist, and is made for you alone), the public one to standard output.",
    .opts = options,
};

int sl_cmd_keygen(int argc, char **argv)
{
  int rest, status;
  char unused = 0, public_key[41];
  sl_err_t err;
  if (!sl_cmd_options(&table, &unused, argc, argv, 1, 1, &rest, &status)) return status;
  if (sl_bus_keygen(argv[rest], public_key, &err)) return sl_cmd_failed(&table, &err);
  printf("%s\n", public_key);
  return SL_EXIT_OK;
}
