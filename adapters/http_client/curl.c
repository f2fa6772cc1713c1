/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include "adapters/http_client/internal.h"

/* One answer's headers and body pass through it in pieces; 16 KiB is libcurl's own default, and
 * times 32 connections half a megabyte. */
enum { RECEIVE_BUFFER = 16 * 1024, UPLOAD_BUFFER = 16 * 1024 };

/* --- callbacks -------------------------------------------------------------------------- */

static int status_of(sl_http_call_t *call)
{
  long status = 0;
  curl_easy_getinfo(call->handle->easy, CURLINFO_RESPONSE_CODE, &status);
  return (int)status;
}

/* CURLOPT_PREREQFUNCTION: there is a connection (TLS and proxy tunnel included), and the request
 * goes out next. Hence two uses.
 *
 * It is the moment from which the legacy system may have seen the request.
 *
 * And it keeps a write from being sent twice. When a kept connection turns out to be dead before
 * one byte of the answer came, libcurl takes a fresh one and sends the request again
 * (Curl_retry_request in its transfer.c), whatever its method. But a server may have read the
 * request, executed it and died before answering. libcurl 7.88 has no option against that
 * (CURLOPT_FORBID_RETRY_ON_REUSE is of 8.16), CURLOPT_FRESH_CONNECT would give up keep-alive for
 * writes, and a failing seek callback stops only requests with a body that is read by callback.
 * The second sending comes by here like the first: refuse it. */
static int on_ready(void *ctx, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
  sl_http_call_t *call = ctx;
  (void)local_ip, (void)local_port;
  if (call->sent && !call->request.safe) {
    call->resend = true;
    return CURL_PREREQFUNC_ABORT;
  }
  sl_http_direct_learn(call->client, call->request.url, remote_ip, remote_port);
  sl_http_sent(call);
  return CURL_PREREQFUNC_OK;
}

/* The empty line that ends the head of the final answer (100 and its like come before it). */
static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
  sl_http_call_t *call = ctx;
  size_t len = size * n;
  if (len > 2 || (line[0] != '\r' && line[0] != '\n')) return len;
  call->status = status_of(call);
  call->head_whole = call->status >= 200;
  return len;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
  sl_http_call_t *call = ctx;
  size_t len = size * n;
  if (call->paused) return CURL_WRITEFUNC_PAUSE;
  return sl_http_body(call, data, len) ? len : 0;
}

/* --- handles -------------------------------------------------------------------------- */

static void set_tls(CURL *easy, const sl_http_opts_t *opts)
{
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, opts->tls_verify ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, opts->tls_verify ? 2L : 0L);
  if (opts->ca) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, opts->ca);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  }
  if (opts->cert) curl_easy_setopt(easy, CURLOPT_SSLCERT, opts->cert);
  if (opts->key) curl_easy_setopt(easy, CURLOPT_SSLKEY, opts->key);
  if (opts->key_password) curl_easy_setopt(easy, CURLOPT_KEYPASSWD, opts->key_password);
}

static void set_up(CURL *easy, sl_http_t *client, char *error)
{
  const sl_http_opts_t *opts = &client->opts;
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  /* Without it, dropping a call during name resolution waits for the resolver. */
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)opts->connect_timeout_ms);
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)((opts->idle_ms + 999) / 1000));
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  /* An empty one also hides http_proxy and its like in the environment: what a process talks to is
   * said by its options alone. */
  curl_easy_setopt(easy, CURLOPT_PROXY, opts->proxy ? opts->proxy : "");
  if (opts->compression) curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  if (opts->user) {
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(easy, CURLOPT_USERNAME, opts->user);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, opts->password ? opts->password : "");
  }
  set_tls(easy, opts);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, sl_http_on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, client);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_ready);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
}

sl_http_handle_t *sl_http_handle_get(sl_http_t *client)
{
  sl_http_handle_t *self = client->free_handles;
  if (self) {
    client->free_handles = self->next;
    return self;
  }
  self = calloc(1, sizeof *self);
  if (self) self->easy = curl_easy_init();
  if (self && !self->easy) {
    free(self);
    return NULL;
  }
  if (self) set_up(self->easy, client, self->error);
  return self;
}

void sl_http_handle_put(sl_http_t *client, sl_http_handle_t *self)
{
  self->next = client->free_handles;
  client->free_handles = self;
}

void sl_http_handle_destroy(sl_http_handle_t **self_p)
{
  if (!*self_p) return;
  curl_easy_cleanup((*self_p)->easy);
  free((*self_p)->url);
  free(*self_p);
  *self_p = NULL;
}

/* libcurl copies and parses the address each time it is set: set it when it changes. */
static bool load_url(sl_http_handle_t *self, const char *url)
{
  if (self->url && strcmp(self->url, url) == 0) return true;
  free(self->url);
  self->url = strdup(url);
  return self->url && curl_easy_setopt(self->easy, CURLOPT_URL, url) == CURLE_OK;
}

static bool load_method(sl_http_handle_t *self, const sl_http_request_t *request)
{
  char kind = request->has_body ? 'b' : strcmp(request->method, "HEAD") == 0 ? 'h' : 'n';
  char want[sizeof self->method];
  snprintf(want, sizeof want, "%c%s", kind, request->method);
  if (strcmp(want, self->method) == 0) return true;
  memcpy(self->method, want, sizeof want);
  if (kind == 'b')
    curl_easy_setopt(self->easy, CURLOPT_POST, 1L);
  else
    curl_easy_setopt(self->easy, CURLOPT_HTTPGET, 1L);
  curl_easy_setopt(self->easy, CURLOPT_NOBODY, kind == 'h' ? 1L : 0L);
  bool implied = kind == 'h' || strcmp(request->method, kind == 'b' ? "POST" : "GET") == 0;
  return curl_easy_setopt(self->easy, CURLOPT_CUSTOMREQUEST, implied ? NULL : request->method) ==
         CURLE_OK;
}

/* libcurl borrows a header list, so nodes of this call are put before the shared ones without a
 * copy. */
static void load_headers(sl_http_handle_t *self, const sl_http_call_t *call)
{
  const sl_http_request_t *r = &call->request;
  struct curl_slist *next = r->headers ? r->headers->list : call->client->common->list;
  for (size_t i = r->n_extra; i-- > 0;) {
    self->extra[i].data = (char *)r->extra[i];
    self->extra[i].next = next;
    next = &self->extra[i];
  }
  curl_easy_setopt(self->easy, CURLOPT_HTTPHEADER, next);
}

bool sl_http_handle_load(sl_http_handle_t *self, sl_http_call_t *call)
{
  const sl_http_request_t *r = &call->request;
  self->error[0] = '\0';
  if (!load_url(self, r->url) || !load_method(self, r)) return false;
  load_headers(self, call);
  if (r->has_body) {
    curl_easy_setopt(self->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
    curl_easy_setopt(self->easy, CURLOPT_POSTFIELDS, r->body.len ? r->body.p : "");
  }
  curl_easy_setopt(self->easy, CURLOPT_PRIVATE, call);
  curl_easy_setopt(self->easy, CURLOPT_PREREQDATA, call);
  curl_easy_setopt(self->easy, CURLOPT_HEADERDATA, call);
  return curl_easy_setopt(self->easy, CURLOPT_WRITEDATA, call) == CURLE_OK;
}

/* --- results -------------------------------------------------------------------------- */

/* What libcurl's result means. Whether something was sent is known from on_ready, not from it. */
void sl_http_judge(sl_http_call_t *call, CURLcode code)
{
  if (call->stopped) return sl_http_fail(call, SL_CANCELLED, "the answer was not wanted any more");
  if (call->too_long)
    return sl_http_fail(call, SL_GARBAGE, "the legacy system's answer is longer than allowed");
  if (call->resend) return sl_http_fail(call, SL_UNAVAILABLE, sl_http_closed);
  switch (code) {
  case CURLE_OK:
    /* libcurl is content when the connection ends in the middle of the head. */
    if (!call->head_whole) return sl_http_fail(call, SL_GARBAGE, sl_http_broke_off);
    call->err.code = SL_OK;
    return;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return sl_http_fail(call, SL_UNAVAILABLE, "the legacy system's host name cannot be resolved");
  case CURLE_COULDNT_CONNECT: return sl_http_fail(call, SL_UNAVAILABLE, sl_http_refused);
  case CURLE_OPERATION_TIMEDOUT:
    return sl_http_fail(call, SL_TIMED_OUT,
                        call->sent ? "the legacy system did not answer in time"
                                   : "the legacy system could not be reached in time");
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
    return sl_http_fail(call, SL_UNAVAILABLE,
                        "no trusted TLS connection to the legacy system was made");
  case CURLE_SEND_ERROR:
  case CURLE_GOT_NOTHING:
  case CURLE_RECV_ERROR:
    if (call->sent && call->status) return sl_http_fail(call, SL_GARBAGE, sl_http_broke_off);
    return sl_http_fail(call, SL_UNAVAILABLE, sl_http_closed);
  case CURLE_PARTIAL_FILE: return sl_http_fail(call, SL_GARBAGE, sl_http_broke_off);
  case CURLE_OUT_OF_MEMORY: return sl_http_fail(call, SL_BUG, "out of memory");
  default:
    return sl_http_fail(call, call->sent ? SL_GARBAGE : SL_UNAVAILABLE,
                        call->sent ? sl_http_not_http
                                   : "no connection to the legacy system could be made");
  }
}

void sl_http_collect(sl_http_t *self)
{
  int left;
  for (CURLMsg *msg; (msg = curl_multi_info_read(self->multi, &left));) {
    if (msg->msg != CURLMSG_DONE) continue;
    sl_http_call_t *call = NULL;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &call);
    call->status = status_of(call);
    if (call->status == 429 || call->status == 503)
      curl_easy_getinfo(msg->easy_handle, CURLINFO_RETRY_AFTER, &retry_after);
    call->retry_after_s = (int64_t)retry_after;
    sl_http_judge(call, msg->data.result);
    sl_http_finish(call);
  }
}
