/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * job: one call inside a worker, from the CALL frame to the frame flagged LAST: the statements of
 * the mapping run in order, rows become JSON as they are fetched, and the answer leaves in pieces
 * as the reader gives credit for them.
 *
 * Writes. What may change data runs in a transaction, whatever the mapping says, so that before
 * the commit a death or a deadline means: nothing happened. Nothing of its answer leaves before
 * the commit. The head is asked for leave to commit; from then on the call is in doubt until the
 * database has confirmed (worker_proto.h).
 *
 * Reads stream: once the engine knows the head, what is there is sent whenever 64 KiB have come
 * together, and without credit the fetch loop stops where it is.
 */
#ifndef SL_ODBC_JOB_H
#define SL_ODBC_JOB_H

#include "adapters/odbc/channel.h"
#include "adapters/odbc/session.h"
#include "adapters/odbc/statement.h"
#include "core/arena.h"
#include "mappings/engine/mapping.h"

/* A connection with its prepared statements. */
typedef struct sl_place {
  sl_session_t session;
  sl_statements_t *statements;
} sl_place_t;

typedef struct sl_worker {
  sl_channel_t channel;
  const sl_mapping_t *mapping;
  SQLHENV env;
  sl_session_opts_t connect;
  sl_place_t point, stream; /* stream is opened when first needed, by drivers that want two */
  sl_arena_t *arena;        /* of one call */
  sl_buf_t out;             /* answer not yet sent; bounded */
  sl_arg_t args[SL_WP_MAX_ARGS];
  bool lost; /* the connection is gone, or cannot be trusted: exit */
} sl_worker_t;

sl_code_t sl_place_open(sl_place_t *self, sl_worker_t *worker, bool stream, sl_err_t *err);
void sl_place_close(sl_place_t *self);

/* Runs the call of frame to its last frame. Blocks as long as that takes. False when the head is
 * gone or sends nonsense. */
bool sl_job_run(sl_worker_t *worker, const sl_wp_frame_t *frame);

#endif
