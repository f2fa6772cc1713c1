/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * loop: the one event loop of a process (libevent underneath). Everything that waits, waits here.
 *
 * Drains exist for ZeroMQ: its descriptor is edge-triggered and says only "look again", so a
 * socket has to be read until EAGAIN after every turn of the loop and after every send, whatever
 * the descriptor said. A drain is called after each turn; while any of them returns true (there
 * is more), the next turn does not block.
 */
#ifndef SL_CORE_LOOP_H
#define SL_CORE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include "core/err.h"

struct event_base; /* libevent's */

typedef struct sl_loop sl_loop_t;
typedef struct sl_timer sl_timer_t;
typedef struct sl_watch sl_watch_t;

typedef void (*sl_loop_fn)(void *ctx);
typedef bool (*sl_drain_fn)(void *ctx);                /* true: there is more to do at once */
typedef void (*sl_fd_fn)(void *ctx, int fd, int what); /* what: SL_READABLE | SL_WRITABLE */
typedef void (*sl_signal_fn)(void *ctx, int signum);

enum { SL_READABLE = 1, SL_WRITABLE = 2 };

/* NULL only without memory or epoll. Ignores SIGPIPE for the process. */
sl_loop_t *sl_loop_new(void);
/* Everything added to it is to be removed before. */
void sl_loop_destroy(sl_loop_t **self_p);
/* libevent's own base, for evhttp and bufferevents. Borrowed. */
struct event_base *sl_loop_base(sl_loop_t *self);

/* Runs until sl_loop_stop. Blocks. */
void sl_loop_run(sl_loop_t *self);
void sl_loop_stop(sl_loop_t *self);
/* One turn, waiting at most timeout_ms (0: not at all); for tests and short commands. */
void sl_loop_turn(sl_loop_t *self, int64_t timeout_ms);

/* Drains are called in the order in which they were added. */
sl_code_t sl_loop_drain_add(sl_loop_t *self, sl_drain_fn fn, void *ctx);
void sl_loop_drain_remove(sl_loop_t *self, sl_drain_fn fn, void *ctx);

/* A timer, not running yet. The caller owns it; it must not outlive the loop. */
sl_timer_t *sl_timer_new(sl_loop_t *loop, sl_loop_fn fn, void *ctx);
void sl_timer_destroy(sl_timer_t **self_p);
/* (Re)start: once after ms, or every ms when repeat. */
void sl_timer_start(sl_timer_t *self, int64_t ms, bool repeat);
void sl_timer_stop(sl_timer_t *self);
bool sl_timer_running(const sl_timer_t *self);

/* Level-triggered watch on fd; what: SL_READABLE | SL_WRITABLE. */
sl_watch_t *sl_watch_new(sl_loop_t *loop, int fd, int what, sl_fd_fn fn, void *ctx);
/* Edge-triggered, as ZMQ_FD needs. */
sl_watch_t *sl_watch_new_edge(sl_loop_t *loop, int fd, int what, sl_fd_fn fn, void *ctx);
void sl_watch_destroy(sl_watch_t **self_p);

/* Call fn on signum, from the loop (not from the handler). Lives as long as the loop. */
sl_code_t sl_loop_signal(sl_loop_t *self, int signum, sl_signal_fn fn, void *ctx);

#endif
