/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * probe: asks the programs themselves whether they take the options that a deployment gives them:
 * each is run with --config and --version, which reads all options and starts nothing. What they
 * refuse is told where it stands in the deployment file, as D109.
 */
#ifndef SL_CLI_PROBE_H
#define SL_CLI_PROBE_H

#include "cli/deployment.h"

/* file: the deployment's, for the messages. Blocks, for some milliseconds a process. */
void sl_probe(const sl_deployment_t *deployment, const char *file, sl_diags_t *diags);

#endif
