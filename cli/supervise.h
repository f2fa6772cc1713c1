/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * supervise: starts child processes, starts them again when they die, and stops them in order.
 *
 * Restarting: the first time after 100 ms, then doubling up to 5 s; a child that lived for 10 s
 * begins at 100 ms again. Until sl_supervisor_settled, a child that exits with 1 or 2 (it refuses
 * its configuration) or cannot be executed ends everything: trying again would not help.
 *
 * Stopping: stage by stage, lowest first: SIGTERM to the stage's children, then, when they are
 * gone or the grace is over and they were killed, the next stage. So the front drains while what
 * it depends on still lives.
 *
 * Children lead process groups of their own (a Ctrl-C reaches only us, a kill reaches their
 * workers too), get SIGTERM when we die, have standard input from /dev/null, and standard output
 * where our standard error goes. Nothing here blocks.
 */
#ifndef SL_CLI_SUPERVISE_H
#define SL_CLI_SUPERVISE_H

#include "core/loop.h"

typedef struct sl_supervisor sl_supervisor_t;

typedef struct sl_child {
  const char *name;    /* for the log */
  const char *program; /* path of the executable */
  const char *config;  /* its option file: the only argument, as --config */
  const char *dir;     /* its working directory; NULL: ours */
  int stage;           /* ≥ 0: when it is stopped */
} sl_child_t;

/* done is called once, from the loop, when all children are gone after a stop. Takes SIGCHLD. NULL
 * without memory. */
sl_supervisor_t *sl_supervisor_new(sl_loop_t *loop, int64_t grace_ms, sl_loop_fn done, void *ctx);
/* Kills what still lives, and waits for it. */
void sl_supervisor_destroy(sl_supervisor_t **self_p);

/* child's texts are copied; it runs at once. */
sl_code_t sl_supervisor_start(sl_supervisor_t *self, const sl_child_t *child, sl_err_t *err);
/* Everything is up: from now on whatever dies is started again. */
void sl_supervisor_settled(sl_supervisor_t *self);
/* Called again while stopping: kills at once. */
void sl_supervisor_stop(sl_supervisor_t *self);
/* Did a child's refusal end it all? */
bool sl_supervisor_refused(const sl_supervisor_t *self);

#endif
