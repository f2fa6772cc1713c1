/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rundir: the private directory of one `sluice run`: sockets, option files, the gateway's
 * address. Mode 0700, ours alone.
 */
#ifndef SL_CLI_RUNDIR_H
#define SL_CLI_RUNDIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

typedef struct sl_rundir {
  char path[PATH_MAX]; /* absolute; "": none */
  bool made;           /* by us: all of it goes */
  int lock;            /* descriptor that keeps a second run out */
} sl_rundir_t;

/* Makes path (NULL or "": a new one under $XDG_RUNTIME_DIR, $TMPDIR or /tmp). One that exists must
 * be a directory of ours that nobody else may enter, and that no other run uses. Refuses a path
 * too long for the sockets that will lie in it. After an error self->path is "". */
sl_code_t sl_rundir_open(sl_rundir_t *self, const char *path, sl_err_t *err);
/* Removes the directory if it was made here. Of one that was there: only the option files
 * (sluice-*.conf), the sockets and the ready file. */
void sl_rundir_close(sl_rundir_t *self);

/* The directories of the bus ("ipc://…", with blanks between) of our user's runs that are alive and
 * were given no directory. Returns their number. */
size_t sl_rundir_find(sl_buf_t *out);

/* dir/name with text, mode 0600, replacing an older one. */
sl_code_t sl_rundir_write(const char *dir, const char *name, sl_str_t text, sl_err_t *err);
/* The first line of dir/name without its end; false while there is none. */
bool sl_rundir_read_line(const char *dir, const char *name, char *out, size_t size);

/* The path of a program that lies beside our own executable. */
sl_code_t sl_rundir_program(const char *program, char out[PATH_MAX], sl_err_t *err);

#endif
