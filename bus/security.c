/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/security.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "bus/zap.h"

sl_code_t sl_bus_keygen(const char *path, char public_out[41], sl_err_t *err)
{
  char secret[41], text[84];
  if (zmq_curve_keypair(public_out, secret))
    return sl_err_set(err, SL_BUG, "no key pair: %s", zmq_strerror(zmq_errno()));
  int len = snprintf(text, sizeof text, "%s\n%s\n", public_out, secret);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return sl_err_set(err, SL_CONFIG, "%s: %s", path, strerror(errno));
  bool ok = write(fd, text, (size_t)len) == len;
  int why = errno;
  ok = close(fd) == 0 && ok;
  memset(secret, 0, sizeof secret);
  memset(text, 0, sizeof text);
  if (ok) return SL_OK;
  unlink(path);
  return sl_err_set(err, SL_CONFIG, "%s: %s", path, strerror(why));
}

static bool is_key(const char *line)
{
  uint8_t binary[32];
  return strlen(line) == 40 && zmq_z85_decode(binary, line) != NULL;
}

static bool read_line(FILE *f, char out[41])
{
  char line[128];
  if (!fgets(line, sizeof line, f)) return false;
  line[strcspn(line, "\r\n")] = 0;
  if (!is_key(line)) return false;
  memcpy(out, line, 41);
  return true;
}

/* The two halves belong together? Taken from the secret one, so that a wrong file is told at start
 * and not by a handshake that fails. */
static bool match(const sl_bus_secret_t *pair)
{
  char public_key[41];
  return zmq_curve_public(public_key, pair->secret_key) == 0 &&
         strcmp(public_key, pair->public_key) == 0;
}

sl_code_t sl_bus_secret_load(const sl_bus_keys_t *keys, sl_bus_secret_t *out, sl_err_t *err)
{
  struct stat st;
  if (!keys || !keys->secret_file || !keys->secret_file[0])
    return sl_err_set(err, SL_CONFIG, "tcp needs a key pair: make one with `sluice keygen FILE`");
  FILE *f = fopen(keys->secret_file, "re");
  if (!f) return sl_err_set(err, SL_CONFIG, "%s: %s", keys->secret_file, strerror(errno));
  bool open_to_all = fstat(fileno(f), &st) || (st.st_mode & 0027);
  bool ok = read_line(f, out->public_key) && read_line(f, out->secret_key) && match(out);
  fclose(f);
  if (open_to_all)
    return sl_err_set(err, SL_CONFIG, "%s: others may read it or the group write it: chmod 0600",
                      keys->secret_file);
  if (!ok)
    return sl_err_set(err, SL_CONFIG, "%s: not a key pair (two lines, public and secret, Z85)",
                      keys->secret_file);
  return SL_OK;
}
