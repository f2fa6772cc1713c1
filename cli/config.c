/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/deployment.h"

typedef struct settings {
  char *run_dir;
} settings_t;

static const sl_opt_t options[] = {
    {.name = "run-dir",
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, run_dir),
     .preset = "/run/sluice",
     .argument = "DIR",
     .help = "directory that the processes share for their sockets"},
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "sluice config",
    .usage = "[OPTION]… FILE [NAME]",
    .purpose = "Prints the option file of the process NAME of the deployment file FILE, as a "
               "service manager hands it to the program by --config. Without NAME: the names, "
               "each with its program.",
    .opts = options,
};

static int print_names(const sl_deployment_t *deployment)
{
  const sl_process_t *p;
  for (size_t i = 0; (p = sl_deployment_at(deployment, i)); i++)
    printf("%s %s\n", p->name, p->program);
  return SL_EXIT_OK;
}

static int print_options(const sl_deployment_t *deployment, const char *name, const char *run_dir)
{
  const sl_process_t *p;
  for (size_t i = 0; (p = sl_deployment_at(deployment, i)); i++) {
    if (strcmp(p->name, name)) continue;
    sl_buf_t out;
    sl_buf_init(&out, 0);
    sl_deployment_options(p, run_dir, &out);
    fwrite(out.p, 1, out.len, stdout);
    sl_buf_fini(&out);
    return SL_EXIT_OK;
  }
  fprintf(stderr, "sluice config: no process \"%s\" in this deployment\n", name);
  return SL_EXIT_FAILED;
}

int sl_cmd_config(int argc, char **argv)
{
  settings_t settings = {0};
  int rest, status;
  if (sl_cmd_options(&table, &settings, argc, argv, 1, 2, &rest, &status)) {
    sl_diags_t *diags = sl_diags_new();
    sl_deployment_t *deployment = diags ? sl_deployment_load(argv[rest], false, diags) : NULL;
    if (diags) sl_diags_print(diags, stderr);
    status = !deployment        ? SL_EXIT_FAILED
             : argc - rest == 1 ? print_names(deployment)
                                : print_options(deployment, argv[rest + 1], settings.run_dir);
    sl_deployment_destroy(&deployment);
    sl_diags_destroy(&diags);
  }
  sl_opt_fini(&table, &settings);
  return status;
}
