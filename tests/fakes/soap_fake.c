/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fakes/soap_fake.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fakes/crm_faults.h"

static void *serve(void *ctx)
{
  struct soap *soap = ctx;
  soap_serve(soap);
  free(soap->user);
  soap_destroy(soap);
  soap_end(soap);
  soap_free(soap);
  return NULL;
}

static bool listen_on(struct soap *soap, int port)
{
  int one = 1;
  soap->bind_flags = SO_REUSEADDR;
  soap->socket_flags = MSG_NOSIGNAL;
  soap->max_keep_alive = 1 << 30; /* gSOAP adds one to it */
  soap->tcp_keep_alive = 1;
  if (!soap_valid_socket(soap_bind(soap, "127.0.0.1", port, 1024))) return false;
  /* Accepted ones inherit it. */
  setsockopt(soap->master, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return true;
}

int soap_fake_run(struct soap *soap, int port, const char *path)
{
  struct sockaddr_in at;
  socklen_t len = sizeof at;
  pthread_attr_t attr;
  signal(SIGPIPE, SIG_IGN);
  if (!listen_on(soap, port)) {
    soap_print_fault(soap, stderr);
    return 1;
  }
  getsockname(soap->master, (struct sockaddr *)&at, &len);
  printf("ready http://127.0.0.1:%d/%s\n", ntohs(at.sin_port), path);
  fflush(stdout);
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attr, 512 * 1024);
  for (;;) {
    if (!soap_valid_socket(soap_accept(soap))) continue;
    struct soap *copy = soap_copy(soap);
    pthread_t thread;
    crm_faults_attach(copy);
    if (pthread_create(&thread, &attr, serve, copy)) {
      free(copy->user);
      soap_free(copy);
    }
  }
}

void soap_fake_die(const char *what)
{
  perror(what);
  exit(1);
}
