/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * deployment: a deployment file (sluice.xml, xsd/deployment.xsd), read and checked: which
 * processes there are, and the option file of each.
 *
 * An attribute of <bus>, <gateway> or <adapter> is an option of the program, with the same name
 * (address is what the program calls endpoint or base-url); <option name="" value=""/> gives those
 * that have no attribute. Relative paths (the mapping, certificates and keys, options whose names
 * end in -file, ${file:…}) start at the folder of the deployment file. ${…}
 * stands in the option file as it was written: the process itself resolves it, so that no secret
 * is copied.
 *
 * What is wrong, by code: D101 mapping without a system; D102 name used twice; D103 value with
 * white space around it or a line end in it; D104 ${…} that cannot be resolved; D105 setting that
 * its kind of system does not know; D106 setting given twice; D107 setting missing; D108
 * credential in clear; D109 option that the program refuses (cli/probe.h).
 */
#ifndef SL_CLI_DEPLOYMENT_H
#define SL_CLI_DEPLOYMENT_H

#include <stdbool.h>
#include "core/buf.h"
#include "core/diag.h"

typedef struct sl_deployment sl_deployment_t;

typedef enum sl_role { SL_ROLE_GATEWAY, SL_ROLE_ADAPTER, SL_ROLE_BUS } sl_role_t;

typedef struct sl_setting {
  const char *name, *value;
  int line, col; /* of the value */
} sl_setting_t;

/* One process; everything lives as long as the deployment. */
typedef struct sl_process {
  sl_role_t role;
  const char *name;    /* "bus", "gateway", "crm", "crm-2": unique */
  const char *program; /* "sluice-soap" */
  const char *system;  /* adapters: the mapping's; else "" */
  const char *mapping; /* adapters: path as the user would find it; else "" */
  const sl_setting_t *settings;
  size_t n_settings;
} sl_process_t;

/* NULL when anything is wrong; errors and warnings go to diags. resolve: ${…} that cannot be
 * resolved is an error (to run), not a warning (to check elsewhere). Blocks on file reads. */
sl_deployment_t *sl_deployment_load(const char *path, bool resolve, sl_diags_t *diags);
void sl_deployment_destroy(sl_deployment_t **self_p);

/* The folder of the file, absolute. Borrowed. */
const char *sl_deployment_dir(const sl_deployment_t *self);
size_t sl_deployment_count(const sl_deployment_t *self);
/* The bus first, then the adapters in file order, then the gateway. */
const sl_process_t *sl_deployment_at(const sl_deployment_t *self, size_t i);

/* The option file of process, appended to out. run_dir: where sockets and the like go. */
void sl_deployment_options(const sl_process_t *process, const char *run_dir, sl_buf_t *out);
/* A gateway that was given port 0 serves url: from now on its option file says that port, so that
 * it keeps it when it is started again. */
void sl_deployment_keep_port(sl_deployment_t *self, const char *url);
/* "ipc://RUN_DIR/bus": where clients find the directory. */
void sl_deployment_endpoint(const char *run_dir, char *out, size_t size);

#endif
