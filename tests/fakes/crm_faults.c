/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fakes/crm_faults.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *control;
static int (*send_plain)(struct soap *, const char *, size_t);

/* What the current request of a connection is to suffer; in soap->user. */
struct fault {
  crm_mode_t mode;
  int ms;
  char file[512];
};

static const struct {
  const char *word;
  crm_mode_t mode;
} words[] = {{"delay", CRM_DELAY}, {"hang", CRM_HANG},     {"hang-after", CRM_HANG_AFTER},
             {"close", CRM_CLOSE}, {"drip", CRM_DRIP},     {"503", CRM_503},
             {"fault", CRM_FAULT}, {"locked", CRM_LOCKED}, {"raw", CRM_RAW},
             {"rc", CRM_RC}};

void crm_faults_open(const char *path)
{
  control = path;
}

static void pause_ms(int ms)
{
  struct timespec t = {ms / 1000, (ms % 1000) * 1000000L};
  nanosleep(&t, NULL);
}

static void read_control(struct fault *f, const char *op)
{
  char line[640] = "", word[32] = "", rest[512] = "", *p = line;
  f->mode = CRM_NORMAL;
  FILE *in = control ? fopen(control, "r") : NULL;
  if (!in) return;
  if (!fgets(line, sizeof line, in)) line[0] = '\0';
  fclose(in);
  char *colon = strchr(line, ':');
  if (colon) {
    *colon = '\0';
    if (strcmp(line, op)) return;
    p = colon + 1;
  }
  if (sscanf(p, "%31s %511s", word, rest) < 1) return;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strcmp(words[i].word, word)) f->mode = words[i].mode;
  f->ms = atoi(rest);
  snprintf(f->file, sizeof f->file, "%s", rest);
}

/* Until the peer closes: then there is nobody left to hang for. */
static void hang(struct soap *soap)
{
  struct pollfd p = {.fd = soap->socket, .events = POLLRDHUP};
  while (poll(&p, 1, 1000) == 0 && soap->socket >= 0) {
  }
}

/* Answers 200 with a file's bytes and nothing of our own, then closes. */
static void send_raw(struct soap *soap, const char *path)
{
  char head[160], piece[16384];
  FILE *in = fopen(path, "rb");
  if (!in) return;
  fseek(in, 0, SEEK_END);
  long size = ftell(in);
  rewind(in);
  int n = snprintf(head, sizeof head,
                   "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n"
                   "Content-Length: %ld\r\nConnection: close\r\n\r\n",
                   size);
  send_plain(soap, head, (size_t)n);
  for (size_t got; (got = fread(piece, 1, sizeof piece, in)) > 0;)
    if (send_plain(soap, piece, got)) break;
  fclose(in);
}

static int send_faulty(struct soap *soap, const char *s, size_t n)
{
  struct fault *f = soap->user;
  switch (f->mode) {
  case CRM_CLOSE: send_plain(soap, s, n / 2); return SOAP_EOF;
  case CRM_DRIP:
    for (size_t i = 0; i < n; i++) {
      if (send_plain(soap, s + i, 1)) return SOAP_EOF;
      pause_ms(f->ms);
    }
    return SOAP_OK;
  case CRM_RAW: send_raw(soap, f->file); return SOAP_EOF;
  default: return send_plain(soap, s, n);
  }
}

void crm_faults_attach(struct soap *soap)
{
  soap->user = calloc(1, sizeof(struct fault));
  if (!soap->user) abort();
  send_plain = soap->fsend;
  soap->fsend = send_faulty;
}

crm_mode_t crm_faults_before(struct soap *soap, const char *op)
{
  struct fault *f = soap->user;
  read_control(f, op);
  if (f->mode == CRM_DELAY) pause_ms(f->ms);
  if (f->mode == CRM_HANG) hang(soap);
  return f->mode;
}

char *crm_faults_rc(struct soap *soap)
{
  const struct fault *f = soap->user;
  return soap_strdup(soap, f->file);
}

crm_mode_t crm_faults_after(struct soap *soap)
{
  struct fault *f = soap->user;
  if (f->mode == CRM_HANG_AFTER) hang(soap);
  return f->mode;
}
