/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/deployment.h"

#include <limits.h>
#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/arena.h"
#include "core/opt.h"
#include "mappings/engine/xdoc.h"

/* Bounds: 4 MiB of XML hold no deployment anybody could run on one machine beyond these. */
enum { MAX_PROCESSES = 512, MAX_SETTINGS = 64 };

struct sl_deployment {
  sl_arena_t *arena;
  char *dir;
  sl_process_t processes[MAX_PROCESSES];
  size_t n;
};

typedef struct reader {
  sl_deployment_t *self;
  const char *file;
  sl_diags_t *diags;
  bool resolve;
  /* Of the element being read: */
  const sl_xel_t *el;
  sl_setting_t settings[MAX_SETTINGS];
  size_t n_settings;
} reader_t;

/* What a kind of system needs, and which attributes only it has. */
typedef struct kind {
  const char *name, *program;
  const char *address; /* the option that the attribute address becomes */
  const char *const *known;
  const char *needs[2]; /* one of these; NULL: nothing */
} kind_t;

static const char *const over_http[] = {
    "address", "proxy",           "ca",           "cert", "key", "user", "password",
    "timeout", "connect-timeout", "max-response", NULL};
static const char *const over_odbc[] = {"dsn",        "connection", "user",    "password",
                                        "init-sql",   "pool",       "timeout", "login-timeout",
                                        "max-answer", NULL};
static const char *const nothing[] = {NULL};

static const kind_t kinds[] = {
    {"soap", "sluice-soap", "endpoint", over_http, {NULL}},
    {"rest", "sluice-rest", "base-url", over_http, {"address"}},
    {"odbc", "sluice-odbc", NULL, over_odbc, {"dsn", "connection"}},
    {"null", "sluice-null", NULL, nothing, {NULL}},
};

enum { N_KINDS = sizeof kinds / sizeof *kinds };

#define NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static bool among(const char *word, const char *const *list)
{
  for (; *list; list++)
    if (!strcmp(*list, word)) return true;
  return false;
}

static bool ends_in(const char *text, const char *end)
{
  size_t n = strlen(text), k = strlen(end);
  return n >= k && !strcmp(text + n - k, end);
}

/* --- values ---------------------------------------------------------------------------------- */

static bool names_file(const char *option)
{
  static const char *const files[] = {"ca", "cert", "key", "tls-cert", "tls-key", "state", NULL};
  return ends_in(option, "-file") || among(option, files);
}

static const char *absolute(reader_t *r, const char *path)
{
  if (*path == '/' || !strncmp(path, "${", 2)) return path;
  return sl_arena_printf(r->self->arena, "%s/%s", r->self->dir, path);
}

/* ${file:relative} → ${file:/absolute}. */
static const char *absolute_references(reader_t *r, const char *value)
{
  static const char mark[] = "${file:";
  sl_buf_t out;
  sl_buf_init(&out, 0);
  for (const char *at; (at = strstr(value, mark)); value = at + sizeof mark - 1) {
    sl_buf_add(&out, value, (size_t)(at - value) + sizeof mark - 1);
    if (at[sizeof mark - 1] != '/') sl_buf_printf(&out, "%s/", r->self->dir);
  }
  sl_buf_addz(&out, value);
  const char *text = sl_arena_strndup(r->self->arena, out.p, out.len);
  sl_buf_fini(&out);
  return text;
}

/* A password that stands there for all to read; in a connection string behind PWD=. */
static bool credential_in_clear(const char *name, const char *value)
{
  if (strstr(name, "password") || ends_in(name, "-secret") || ends_in(name, "-token"))
    return !strstr(value, "${");
  const char *authority = strstr(value, "://");
  if (authority) { /* http://user:password@host */
    const char *host = authority + 3 + strcspn(authority + 3, "/?#@");
    const char *colon = memchr(authority + 3, ':', (size_t)(host - authority - 3));
    return *host == '@' && colon && strncmp(colon + 1, "${", 2);
  }
  if (strcmp(name, "connection")) return false;
  for (const char *p = value; (p = strcasestr(p, "pwd=")); p += 4)
    if (strncmp(p + 4, "${", 2) && p[4] != ';' && p[4]) return true;
  return false;
}

/* Every "${" is one of a form that we know, whether or not it can be resolved here. */
static bool references_known(const char *value)
{
  for (const char *p = value; (p = strstr(p, "${")); p += 2) {
    const char *end = strchr(p, '}');
    if (!end || (strncmp(p, "${env:", 6) && strncmp(p, "${file:", 7))) return false;
  }
  return true;
}

static void check_value(reader_t *r, const sl_setting_t *s)
{
  const char *value = s->value;
  size_t len = strlen(value);
  if (strpbrk(value, "\r\n") || (len && (strchr(" \t", value[0]) || strchr(" \t", value[len - 1]))))
    sl_diags_add(r->diags, SL_ERROR, "D103", r->file, s->line, s->col,
                 "put such a value into a file and write ${file:path}",
                 "a value must not begin or end with white space, nor hold a line end");
  if (credential_in_clear(s->name, value))
    sl_diags_add(r->diags, SL_ERROR, "D108", r->file, s->line, s->col,
                 "write ${env:NAME} or ${file:path}", "a credential must not stand here in clear");
  sl_err_t err;
  char *resolved = sl_opt_resolve(value, &err);
  bool known = references_known(value);
  if (!resolved)
    sl_diags_add(r->diags, r->resolve || !known ? SL_ERROR : SL_WARNING, "D104", r->file, s->line,
                 s->col, NULL, "%s", err.text);
  free(resolved);
}

static void add_setting(reader_t *r, const char *name, const char *value, int line, int col)
{
  for (size_t i = 0; i < r->n_settings; i++)
    if (!strcmp(r->settings[i].name, name) && r->settings[i].line)
      sl_diags_add(r->diags, SL_ERROR, "D106", r->file, line, col, NULL,
                   "%s is given a second time", name);
  if (r->n_settings == MAX_SETTINGS) {
    sl_diags_add(r->diags, SL_ERROR, "D106", r->file, line, col, NULL,
                 "more than %d settings of one process", MAX_SETTINGS);
    return;
  }
  sl_setting_t *s = &r->settings[r->n_settings++];
  s->name = sl_arena_strdup(r->self->arena, name);
  s->value = absolute_references(r, names_file(name) ? absolute(r, value) : value);
  s->line = line;
  s->col = col;
  if (s->name && s->value)
    check_value(r, s);
  else
    r->n_settings--;
}

/* The settings of r->el: its attributes but those of ours, and its option elements. An option may
 * be repeated where the program takes a list; the program itself tells when it does not. */
static void read_settings(reader_t *r, const char *address)
{
  static const char *const ours[] = {"name", "mapping", "instances", NULL};
  r->n_settings = 0;
  for (size_t i = 0; i < r->el->n_attrs; i++) {
    const sl_xat_t *at = &r->el->attrs[i];
    const char *option = address && !strcmp(at->name, "address") ? address : at->name;
    if (!among(at->name, ours)) add_setting(r, option, at->value, at->value_line, at->value_col);
  }
  for (const sl_xel_t *o = sl_xel_find(r->el->first, "option"); o;
       o = sl_xel_find(o->next, "option")) {
    const sl_xat_t *value = sl_xel_at(o, "value");
    const char *name = sl_xel_get(o, "name", "");
    if (value && sl_xel_at(r->el, name))
      sl_diags_add(r->diags, SL_ERROR, "D106", r->file, o->line, o->col, NULL,
                   "%s is an attribute already", name);
    else if (value)
      add_setting(r, name, value->value, value->value_line, value->value_col);
  }
}

/* --- processes ------------------------------------------------------------------------------- */

static sl_process_t *add_process(reader_t *r, sl_role_t role, const char *name, const char *program)
{
  sl_deployment_t *self = r->self;
  int line = r->el ? r->el->line : 0, col = r->el ? r->el->col : 0;
  const sl_xat_t *at = r->el ? sl_xel_at(r->el, "name") : NULL;
  for (size_t i = 0; i < self->n; i++)
    if (!strcmp(self->processes[i].name, name))
      sl_diags_add(r->diags, SL_ERROR, "D102", r->file, at ? at->line : line, at ? at->col : col,
                   "give it a name=\"…\" of its own", "there is a process named \"%s\" already",
                   name);
  if (self->n == MAX_PROCESSES) {
    sl_diags_add(r->diags, SL_ERROR, "D102", r->file, line, col, NULL, "more than %d processes",
                 MAX_PROCESSES);
    return NULL;
  }
  sl_setting_t *settings = sl_arena_alloc(self->arena, (r->n_settings + 1) * sizeof *settings);
  sl_process_t *p = &self->processes[self->n];
  *p = (sl_process_t){.role = role,
                      .name = sl_arena_strdup(self->arena, name),
                      .program = program,
                      .system = "",
                      .mapping = "",
                      .settings = settings,
                      .n_settings = r->n_settings};
  if (!settings || !p->name) return NULL;
  memcpy(settings, r->settings, r->n_settings * sizeof *settings);
  self->n++;
  return p;
}

static void check_settings(reader_t *r, const kind_t *kind)
{
  static const char *const places[] = {"address", "dsn", "connection", NULL};
  const sl_xel_t *el = r->el;
  for (size_t i = 0; i < el->n_attrs; i++) {
    const sl_xat_t *at = &el->attrs[i];
    /* What no kind has, the schema has told already. */
    bool others = among(at->name, over_http) || among(at->name, over_odbc);
    if (others && !among(at->name, kind->known))
      sl_diags_add(r->diags, SL_ERROR, "D105", r->file, at->line, at->col,
                   !among(at->name, places)   ? NULL
                   : kind->known == over_odbc ? "its place is dsn= or connection="
                   : kind->known == over_http ? "its place is address="
                                              : NULL,
                   "an adapter of kind %s has no %s", kind->name, at->name);
  }
  const char *a = kind->needs[0], *b = kind->needs[1];
  if (a && !sl_xel_at(el, a) && !(b && sl_xel_at(el, b)))
    sl_diags_add(r->diags, SL_ERROR, "D107", r->file, el->line, el->col, NULL,
                 "an adapter of kind %s needs %s%s%s", kind->name, a, b ? " or " : "", b ? b : "");
}

/* Only the name and kind of the mapping's system: whether the rest is right is the business of the
 * adapter and of `sluice check`. */
static const kind_t *peek(reader_t *r, const char *path, const char **system_p)
{
  const sl_xat_t *named = sl_xel_at(r->el, "mapping");
  if (named && access(path, R_OK)) {
    sl_diags_add(r->diags, SL_ERROR, "D110", r->file, named->value_line, named->value_col,
                 "the path is relative to the deployment file", "the mapping %s cannot be read: %s",
                 named->value, strerror(errno));
    return NULL;
  }
  sl_xdoc_t *doc = sl_xdoc_load_within(path, SL_XDOC_LARGEST, r->diags); /* max-mapping= decides */
  if (!doc) return NULL;
  const sl_xel_t *root = sl_xdoc_root(doc), *system = sl_xel_find(root->first, "system");
  const char *word = system ? sl_xel_get(system, "kind", "") : "";
  const char *name = system ? sl_xel_get(system, "name", "") : "";
  const kind_t *kind = NULL;
  for (size_t i = 0; i < N_KINDS; i++)
    if (!strcmp(kinds[i].name, word)) kind = &kinds[i];
  /* It becomes a file's name. */
  bool plain = *name && strspn(name, NAME_LETTERS) == strlen(name) && strlen(name) <= 32;
  if (!kind || !plain) {
    const sl_xel_t *at = system ? system : root;
    sl_diags_add(r->diags, SL_ERROR, "D101", path, at->line, at->col, NULL,
                 "a mapping has <system name=\"…\" kind=\"soap|odbc|rest|null\">");
    kind = NULL;
  }
  *system_p = sl_arena_strdup(r->self->arena, name);
  sl_xdoc_destroy(&doc);
  return kind;
}

static const char *beside(reader_t *r, const char *path)
{
  const char *slash = strrchr(r->file, '/');
  if (*path == '/' || !slash) return sl_arena_strdup(r->self->arena, path);
  return sl_arena_printf(r->self->arena, "%.*s/%s", (int)(slash - r->file), r->file, path);
}

static void read_adapter(reader_t *r)
{
  const char *mapping = sl_xel_get(r->el, "mapping", NULL), *system = "";
  if (!mapping) return; /* the schema said so */
  const char *shown = beside(r, mapping);
  const kind_t *kind = shown ? peek(r, shown, &system) : NULL;
  read_settings(r, kind ? kind->address : NULL);
  if (!kind) return;
  check_settings(r, kind);
  add_setting(r, "mapping", absolute(r, mapping), 0, 0);
  const char *name = sl_xel_get(r->el, "name", system);
  long instances = strtol(sl_xel_get(r->el, "instances", "1"), NULL, 10);
  for (long i = 1; i <= instances; i++) {
    char numbered[64];
    snprintf(numbered, sizeof numbered, i > 1 ? "%s-%ld" : "%s", name, i);
    sl_process_t *p = add_process(r, SL_ROLE_ADAPTER, numbered, kind->program);
    if (!p) return;
    p->system = system;
    p->mapping = shown;
  }
}

/* The settings of each element called name; a second one finds the process's name taken. */
static size_t read_each(reader_t *r, const sl_xel_t *root, const char *name, sl_role_t role,
                        const char *program)
{
  size_t n = 0;
  for (const sl_xel_t *el = sl_xel_find(root->first, name); el; el = sl_xel_find(el->next, name)) {
    r->el = el;
    read_settings(r, NULL);
    add_process(r, role, name, program);
    n++;
  }
  return n;
}

static void read_all(reader_t *r, const sl_xel_t *root)
{
  if (!read_each(r, root, "bus", SL_ROLE_BUS, "sluice-bus"))
    add_process(r, SL_ROLE_BUS, "bus", "sluice-bus");
  for (const sl_xel_t *el = sl_xel_find(root->first, "adapter"); el;
       el = sl_xel_find(el->next, "adapter")) {
    r->el = el;
    read_adapter(r);
  }
  if (!read_each(r, root, "gateway", SL_ROLE_GATEWAY, "sluice-gateway"))
    sl_diags_add(r->diags, SL_ERROR, "D107", r->file, root->line, root->col,
                 "add <gateway listen=\"127.0.0.1:8080\"/>", "a deployment has a gateway");
}

/* --- life ------------------------------------------------------------------------------------ */

static sl_deployment_t *deployment_new(const char *path)
{
  char real[PATH_MAX];
  sl_deployment_t *self = realpath(path, real) ? calloc(1, sizeof *self) : NULL;
  if (!self) return NULL;
  char *slash = strrchr(real, '/');
  *(slash == real ? slash + 1 : slash) = '\0';
  self->dir = strdup(real);
  self->arena = sl_arena_new(0, 64 * 1024 * 1024);
  if (!self->dir || !self->arena) sl_deployment_destroy(&self);
  return self;
}

sl_deployment_t *sl_deployment_load(const char *path, bool resolve, sl_diags_t *diags)
{
  size_t before = sl_diags_errors(diags);
  sl_xdoc_t *doc = sl_xdoc_load(path, diags);
  if (!doc) return NULL;
  sl_deployment_t *self = deployment_new(path);
  if (self) {
    reader_t r = {.self = self, .file = path, .diags = diags, .resolve = resolve};
    sl_xdoc_validate(doc, "deployment.xsd", diags);
    if (sl_xel_is(sl_xdoc_root(doc), "deployment")) read_all(&r, sl_xdoc_root(doc));
  }
  sl_xdoc_destroy(&doc);
  if (sl_diags_errors(diags) > before) sl_deployment_destroy(&self);
  return self;
}

void sl_deployment_destroy(sl_deployment_t **self_p)
{
  sl_deployment_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  sl_arena_destroy(&self->arena);
  free(self->dir);
  free(self);
  *self_p = NULL;
}

const char *sl_deployment_dir(const sl_deployment_t *self)
{
  return self->dir;
}

size_t sl_deployment_count(const sl_deployment_t *self)
{
  return self->n;
}

const sl_process_t *sl_deployment_at(const sl_deployment_t *self, size_t i)
{
  return i < self->n ? &self->processes[i] : NULL;
}

void sl_deployment_endpoint(const char *run_dir, char *out, size_t size)
{
  snprintf(out, size, "ipc://%s/bus", run_dir);
}

/* "127.0.0.1:0" and port ":8123" → "127.0.0.1:8123"; NULL if the port is not left open. */
static const char *with_port(sl_arena_t *arena, const char *listen, const char *port)
{
  char *resolved = sl_opt_resolve(listen, NULL);
  const char *text = NULL;
  if (resolved && ends_in(resolved, ":0"))
    text = sl_arena_printf(arena, "%.*s%s", (int)strlen(resolved) - 2, resolved, port);
  free(resolved);
  return text;
}

void sl_deployment_keep_port(sl_deployment_t *self, const char *url)
{
  const char *port = strrchr(url, ':');
  for (size_t i = 0; port && i < self->n; i++) {
    sl_process_t *p = &self->processes[i];
    if (p->role != SL_ROLE_GATEWAY) continue;
    sl_setting_t *settings = sl_arena_alloc(self->arena, (p->n_settings + 1) * sizeof *settings);
    if (!settings) return;
    memcpy(settings, p->settings, p->n_settings * sizeof *settings);
    p->settings = settings;
    for (size_t k = 0; k < p->n_settings; k++) {
      if (strcmp(settings[k].name, "listen")) continue;
      const char *listen = with_port(self->arena, settings[k].value, port);
      if (listen) settings[k].value = listen;
    }
  }
}

static bool has_setting(const sl_process_t *process, const char *name)
{
  for (size_t i = 0; i < process->n_settings; i++)
    if (!strcmp(process->settings[i].name, name)) return true;
  return false;
}

void sl_deployment_options(const sl_process_t *process, const char *run_dir, sl_buf_t *out)
{
  sl_buf_printf(out, "# %s: options of %s, made by sluice\n", process->name, process->program);
  switch (process->role) {
  case SL_ROLE_BUS: sl_buf_printf(out, "ipc-endpoint = ipc://%s/bus\n", run_dir); break;
  case SL_ROLE_ADAPTER:
    sl_buf_printf(out, "bus = ipc://%s/bus\nipc-dir = %s/adapters\n", run_dir, run_dir);
    break;
  case SL_ROLE_GATEWAY:
    sl_buf_printf(out, "bus = ipc://%s/bus\nready-file = %s/gateway.ready\n", run_dir, run_dir);
    /* With its routes kept, a gateway that starts again answers 503, not 404, until it knows. */
    if (!has_setting(process, "state")) sl_buf_printf(out, "state = %s/gateway.state\n", run_dir);
    break;
  }
  for (size_t i = 0; i < process->n_settings; i++)
    sl_buf_printf(out, "%s = %s\n", process->settings[i].name, process->settings[i].value);
}
