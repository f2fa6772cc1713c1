/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * channel: the worker's end of its two sockets, and its watchdog thread.
 *
 * The main thread reads the first socket, but only while it waits for something (a call, credit,
 * leave to commit): inside the driver it cannot. So the head sends CANCEL on both. The watchdog
 * reads the second, calls SQLCancel on the statement that is running, and again every 50 ms until
 * the call is over, as a cancel that comes just before a statement starts is lost. It is the only
 * thread of ours in the whole system. When the head dies, the watchdog ends the process.
 *
 * A second thread makes every lock of libc and driver a locked instruction. SQLite takes and gives
 * back one for each value: it cost a quarter of a long list's time. Where a killed worker harms
 * nothing, as with SQLite, whose journal rolls it back, there is no watchdog: at the deadline the
 * head waits its grace and kills (sl_quirk_t.kill_only).
 */
#ifndef SL_ODBC_CHANNEL_H
#define SL_ODBC_CHANNEL_H

#include <pthread.h>
#include <sql.h>
#include "adapters/odbc/worker_proto.h"

typedef struct sl_channel {
  int data_fd, control_fd;
  sl_buf_t in;   /* bytes read and not yet taken */
  size_t in_at;  /* taken so far */
  sl_buf_t held; /* the bytes of the CALL under way: its text is borrowed from here */
  sl_buf_t out;
  uint64_t credit; /* bytes of answer that may be sent */
  uint32_t call;   /* under way; 0: none */
  bool go;         /* leave to commit has come */
  bool watching;   /* there is a watchdog */

  pthread_mutex_t lock; /* for what follows */
  SQLHSTMT running;     /* statement to cancel */
  uint32_t watched;     /* the call under way, for the watchdog */
  uint32_t unwanted;    /* the last call that was cancelled */
  bool cancelled;
} sl_channel_t;

/* The process lives as long as the channel: there is no fini. Until there is a watchdog, the kernel
 * ends the process when the head dies. */
void sl_channel_open(sl_channel_t *self, int data_fd, int control_fd);
/* Starts the watchdog. */
sl_code_t sl_channel_watch(sl_channel_t *self, sl_err_t *err);

/* Blocks for the first frame of the kind wanted; false when the head is gone. CREDIT and CANCEL
 * frames that come meanwhile are dealt with. A CALL opens the call. */
bool sl_channel_expect(sl_channel_t *self, sl_wp_kind_t kind, sl_wp_frame_t *frame);

/* Blocks until some bytes may be sent; false when the call is cancelled or the head is gone. */
bool sl_channel_wait_credit(sl_channel_t *self);
/* Asks for leave to commit; false: it was cancelled instead, or the head is gone. */
bool sl_channel_may_commit(sl_channel_t *self);

/* Sends a frame: what `out` holds already (see sl_wp_put_answer) and behind it tail. Blocks. False
 * when the head is gone. */
bool sl_channel_send(sl_channel_t *self, sl_str_t tail);
/* The call is over; credit, cancel and hold on its text with it. */
void sl_channel_end_call(sl_channel_t *self);

/* The statement that the watchdog is to interrupt; SQL_NULL_HSTMT: none. */
void sl_channel_running(sl_channel_t *self, SQLHSTMT statement);
bool sl_channel_cancelled(sl_channel_t *self);

#endif
