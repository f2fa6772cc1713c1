/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/commands.h"
#include "core/json.h"
#include "mappings/laws/describe.h"
#include "mappings/laws/example.h"
#include "mappings/laws/laws.h"
#include "mappings/laws/lines.h"

typedef struct settings {
  bool html;
  char *output;
} settings_t;

static const sl_opt_t options[] = {
    {.name = "html",
     .kind = SL_OPT_FLAG,
     .offset = offsetof(settings_t, html),
     .help = "write an HTML page instead of Markdown"},
    {.name = "output",
     .letter = 'o',
     .kind = SL_OPT_TEXT,
     .offset = offsetof(settings_t, output),
     .argument = "FILE",
     .help = "write to FILE instead of standard output"},
    {.name = NULL},
};

static const sl_opt_table_t table = {
    .program = "sluice doc",
    .usage = "[OPTION]… FILE.map.xml",
    .purpose = "Writes what a mapping does as a page for people: its operations, and for each JSON "
               "member where it comes from, how it is spelled there, its null states, access, "
               "personal data, and the examples that show it.",
    .opts = options,
};

enum { MAX_CELLS = 12, MAX_SEEN = 4096 };

typedef struct page {
  bool html;
  const sl_mapping_t *m;
  sl_arena_t *arena;
  sl_buf_t out;
  const char **seen; /* pointers in the JSON of each example, one after the other */
  size_t *n_seen;    /* by example: where its pointers end in seen */
  size_t n;
  const sl_laws_t *laws;
  bool headed; /* the operation being written has its heading */
} page_t;

/* --- Markdown or HTML ---------------------------------------------------------------------------
 */

static void text(page_t *p, const char *z)
{
  for (; *z; z++) {
    if (p->html && *z == '&')
      sl_buf_addz(&p->out, "&amp;");
    else if (*z == '<')
      sl_buf_addz(&p->out, "&lt;");
    else if (!p->html && strchr("|*_`\\[", *z))
      sl_buf_printf(&p->out, "\\%c", *z);
    else
      sl_buf_addc(&p->out, *z == '\n' ? ' ' : *z);
  }
}

static void heading(page_t *p, int level, const char *z)
{
  if (p->html) {
    sl_buf_printf(&p->out, "<h%d>", level);
    text(p, z);
    sl_buf_printf(&p->out, "</h%d>\n", level);
  } else {
    sl_buf_printf(&p->out, "%s%.*s ", p->out.len ? "\n" : "", level, "####");
    text(p, z);
    sl_buf_addz(&p->out, "\n\n");
  }
}

static void paragraph(page_t *p, const char *z)
{
  if (p->html) sl_buf_addz(&p->out, "<p>");
  text(p, z);
  sl_buf_addz(&p->out, p->html ? "</p>\n" : "\n\n");
}

/* Cells up to a NULL. In Markdown the first row is the header. */
static void row(page_t *p, bool header, const char *const *cells)
{
  size_t n = 0;
  if (p->html) sl_buf_addz(&p->out, "<tr>");
  for (; cells[n]; n++) {
    sl_buf_addz(&p->out, !p->html ? "| " : header ? "<th>" : "<td>");
    text(p, cells[n]);
    sl_buf_addz(&p->out, !p->html ? " " : header ? "</th>" : "</td>");
  }
  sl_buf_addz(&p->out, p->html ? "</tr>\n" : "|\n");
  for (size_t i = 0; header && !p->html && i < n; i++) sl_buf_addz(&p->out, "|---");
  if (header && !p->html) sl_buf_addz(&p->out, "|\n");
}

static void open_table(page_t *p)
{
  if (p->html) sl_buf_addz(&p->out, "<table>\n");
}

static void close_table(page_t *p)
{
  if (p->html) sl_buf_addz(&p->out, "</table>\n");
}

/* What write adds to an empty buffer, in the page's memory. */
static const char *taken(page_t *p, sl_buf_t *b)
{
  const char *z = sl_arena_strdup(p->arena, sl_buf_z(b));
  sl_buf_fini(b);
  return z ? z : "";
}

/* --- which examples show a member ----------------------------------------------------------------
 */

static void see(page_t *p, const char *pointer, size_t from)
{
  for (size_t i = from; i < p->n; i++)
    if (!strcmp(p->seen[i], pointer)) return;
  if (p->n < MAX_SEEN) p->seen[p->n++] = sl_arena_strdup(p->arena, pointer);
}

/* All pointers in a JSON text, without the indexes of arrays. */
static void pointers(page_t *p, sl_str_t text)
{
  size_t from = p->n, starts[256], depth = 0;
  sl_buf_t at;
  sl_json_t json;
  sl_json_init(&json, NULL);
  sl_buf_init(&at, 0);
  sl_json_feed(&json, text.p ? text.p : "", text.len, true);
  for (sl_json_token_t t; sl_json_next(&json, &t) > SL_JSON_END && depth < 255;) {
    if (t.kind == SL_JSON_KEY) {
      at.len = starts[depth - 1];
      sl_buf_printf(&at, "/%.*s", SL_STR_ARG(t.text));
      see(p, sl_buf_z(&at), from);
    } else if (t.kind == SL_JSON_OBJECT || t.kind == SL_JSON_ARRAY) {
      starts[depth++] = at.len;
    } else if (t.kind == SL_JSON_OBJECT_END || t.kind == SL_JSON_ARRAY_END) {
      at.len = starts[--depth];
    }
  }
  sl_buf_fini(&at);
  sl_json_fini(&json);
}

static void read_examples(page_t *p)
{
  p->seen = sl_arena_alloc(p->arena, MAX_SEEN * sizeof *p->seen);
  p->n_seen = sl_arena_zalloc(p->arena, (p->m->n_examples + 1) * sizeof *p->n_seen);
  for (size_t i = 0; p->seen && p->n_seen && i < p->m->n_examples; i++) {
    sl_buf_t json;
    sl_err_t err;
    sl_buf_init(&json, 0);
    const sl_example_t *x = &p->m->examples[i];
    if (x->json.there && !sl_sample_read(p->m, &x->json, &json, &err))
      pointers(p, sl_buf_str(&json));
    sl_buf_fini(&json);
    p->n_seen[i] = p->n;
  }
}

static const char *examples_of(page_t *p, const sl_shape_t *shape, const sl_op_t *op,
                               const char *pointer)
{
  sl_buf_t b;
  const char *between = "";
  sl_buf_init(&b, 0);
  for (size_t i = 0; p->n_seen && pointer[0] && i < p->m->n_examples; i++) {
    const sl_example_t *x = &p->m->examples[i];
    if (x->shape != shape || x->op != op) continue;
    for (size_t k = i ? p->n_seen[i - 1] : 0; k < p->n_seen[i]; k++) {
      if (strcmp(p->seen[k], pointer)) continue;
      sl_buf_addz(&b, between);
      if (x->json.file[0])
        sl_buf_addz(&b, x->json.file);
      else
        sl_buf_printf(&b, "line %d", x->line);
      between = ", ";
    }
  }
  return taken(p, &b);
}

/* --- lineage
 * -------------------------------------------------------------------------------------- */

static const char *type_of(page_t *p, const sl_line_t *l)
{
  sl_buf_t b;
  sl_buf_init(&b, 0);
  if (l->list)
    sl_buf_addz(&b, "list");
  else
    sl_describe_codec(l->field->codec, &b);
  if (l->list && l->list->n_key) sl_buf_addz(&b, ", key");
  for (size_t i = 0; l->list && i < l->list->n_key; i++) sl_buf_printf(&b, " %s", l->list->key[i]);
  const sl_notes_t *notes = l->field ? l->field->notes : NULL;
  if (notes && notes->value_default) sl_buf_printf(&b, ", default %s", notes->value_default);
  if (notes && notes->modulo) {
    sl_buf_addz(&b, ", modulo ");
    sl_describe_modulo(notes->modulo, &b);
  }
  return taken(p, &b);
}

static const char *nulls_of(page_t *p, const sl_line_t *l)
{
  sl_buf_t b;
  sl_buf_init(&b, 0);
  if (l->field) sl_describe_nulls_of(l->frame, l->field, &b);
  return taken(p, &b);
}

static const char *pii_of(page_t *p, const sl_line_t *l)
{
  const sl_notes_t *n = l->field ? l->field->notes : NULL;
  if (!n || !n->mask[0]) return n ? n->pii : "";
  const char *z = sl_arena_printf(p->arena, "%s%smask %s", n->pii, n->pii[0] ? ", " : "", n->mask);
  return z ? z : "";
}

/* "proved", of both laws when they differ. */
static const char *verdict_of(page_t *p, const sl_line_t *l)
{
  for (size_t i = 0; p->laws && i < p->laws->n_lines; i++) {
    const sl_law_line_t *law = &p->laws->lines[i];
    if (law->line.line != l->line || law->line.col != l->col || !law->line.list != !l->list)
      continue;
    const char *put = sl_law_text(&law->putget, p->arena),
               *get = sl_law_text(&law->getput, p->arena);
    if (!strcmp(put, get) || !strcmp(get, "-")) return put;
    if (!strcmp(put, "-")) return get;
    const char *z = sl_arena_printf(p->arena, "PutGet %s; GetPut %s", put, get);
    return z ? z : "";
  }
  return "";
}

static const char *notes_of(page_t *p, const sl_line_t *l)
{
  const sl_notes_t *n = l->field ? l->field->notes : NULL;
  if (!n) return "";
  const char *z = sl_arena_printf(p->arena, "%s%s%s%s", n->since[0] ? "since " : "", n->since,
                                  n->since[0] && n->note[0] ? ": " : "", n->note);
  return z ? z : "";
}

static bool has_line(page_t *p, const sl_frame_t *frame, const sl_line_t *l)
{
  const sl_line_t *v;
  size_t n = frame ? sl_lines_of(frame, p->arena, &v) : 0;
  for (size_t i = 0; i < n; i++)
    if (v[i].file == l->file && v[i].line == l->line && v[i].col == l->col &&
        !v[i].list == !l->list)
      return true;
  return false;
}

/* What is written and read back, but only by answers (requests) of the operations, goes one way. */
static const char *access_of(page_t *p, const sl_line_t *l)
{
  bool written = false, read = false;
  for (size_t i = 0; l->access == SL_READ_WRITE && i < p->m->n_ops; i++) {
    written = written || has_line(p, p->m->ops[i].request, l);
    read = read || has_line(p, p->m->ops[i].response, l);
  }
  return sl_access_name(written == read ? l->access : written ? SL_WRITE_ONLY : SL_READ_ONLY);
}

static bool in_a_shape(page_t *p, const sl_line_t *l)
{
  for (size_t i = 0; i < p->m->n_shapes; i++)
    if (has_line(p, p->m->shapes[i].frame, l)) return true;
  return false;
}

static void lineage(page_t *p, const sl_frame_t *frame, const sl_shape_t *shape, const sl_op_t *op,
                    const char *title)
{
  static const char *const header[] = {"JSON",   "legacy",   "spelling", "null states",
                                       "access", "personal", "laws",     "notes",
                                       "line",   "examples", NULL};
  const sl_line_t *v;
  size_t n = frame ? sl_lines_of(frame, p->arena, &v) : 0;
  bool titled = false;
  char name[300];
  for (size_t i = 0; i < n; i++) {
    if (!shape && in_a_shape(p, &v[i])) continue;
    if (!titled) {
      if (op && !p->headed) {
        snprintf(name, sizeof name, "Operation %s", op->info.name);
        heading(p, 2, name);
        p->headed = true;
      }
      if (title) paragraph(p, title);
      open_table(p);
      row(p, true, header);
    }
    titled = true;
    const char *line = sl_arena_printf(p->arena, "%d", v[i].line);
    const char *ends = sl_line_name(&v[i], p->arena);
    if (v[i].json[0] && v[i].http[0])
      ends = sl_arena_printf(p->arena, "%s, %s", v[i].json, v[i].http);
    const char *const cells[MAX_CELLS] = {
        ends ? ends : "",     v[i].legacy,
        type_of(p, &v[i]),    nulls_of(p, &v[i]),
        access_of(p, &v[i]),  pii_of(p, &v[i]),
        verdict_of(p, &v[i]), notes_of(p, &v[i]),
        line ? line : "",     examples_of(p, shape, op, v[i].json)};
    row(p, false, cells);
  }
  if (titled) close_table(p);
}

/* --- operations
 * ----------------------------------------------------------------------------------- */

/* success: what <response> says instead of the outcome's; 0: nothing. */
static void answers(sl_buf_t *b, const sl_when_t *v, size_t n, const char *what, int success)
{
  for (size_t i = 0; i < n; i++) {
    int status = success && v[i].status < 300 ? success : v[i].status;
    sl_buf_printf(b, "%s%s %.*s%s: %d%s%s", b->len ? "; " : "", what,
                  v[i].is ? (int)v[i].is_len : 9, v[i].is ? v[i].is : "any other",
                  v[i].prefix ? "*" : "", status, v[i].problem[0] ? " " : "", v[i].problem);
  }
}

static const char *outcomes_of(page_t *p, const sl_op_t *op)
{
  static const char *const sources[] = {"", "status", "rows", "SQLSTATE"};
  sl_buf_t b;
  sl_buf_init(&b, 0);
  for (size_t i = 0; i < op->n_outcomes; i++)
    answers(&b, op->outcomes[i].whens, op->outcomes[i].n_whens,
            op->outcomes[i].field ? op->outcomes[i].field->legacy : sources[op->outcomes[i].source],
            op->status);
  answers(&b, op->faults, op->n_faults, "fault", 0);
  return taken(p, &b);
}

static void operations(page_t *p)
{
  static const char *const header[] = {"operation", "request", "legacy call",
                                       "outcomes",  "line",    NULL};
  if (!p->m->n_ops) return;
  heading(p, 2, "Operations");
  open_table(p);
  row(p, true, header);
  for (size_t i = 0; i < p->m->n_ops; i++) {
    const sl_op_t *op = &p->m->ops[i];
    const char *request = sl_arena_printf(p->arena, "%s %s", op->info.method, op->info.path);
    const char *call = op->wsdl ? op->wsdl->name
                       : p->m->kind == SL_KIND_REST
                           ? sl_arena_printf(p->arena, "%s %s", op->info.rest_method, op->rest_path)
                           : "";
    const char *line = sl_arena_printf(p->arena, "%d", op->line);
    const char *const cells[MAX_CELLS] = {op->info.name, request ? request : "", call ? call : "",
                                          outcomes_of(p, op), line ? line : ""};
    row(p, false, cells);
  }
  close_table(p);
}

static void write_page(page_t *p)
{
  char title[512];
  snprintf(title, sizeof title, "%s %s", p->m->name, p->m->version);
  if (p->html)
    sl_buf_addz(&p->out,
                "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
  if (p->html) text(p, title);
  if (p->html)
    sl_buf_addz(
        &p->out,
        "</title><style>body{font:15px/1.4 sans-serif;margin:2em}table{border-collapse:collapse}"
        "td,th{border:1px solid #bbb;padding:.2em .5em;text-align:left;vertical-align:top}"
        "th{background:#eee}</style></head><body>\n");
  heading(p, 1, title);
  const char *slash = strrchr(p->m->file, '/');
  const char *system =
      sl_arena_printf(p->arena, "System %s (%s), from %s.", p->m->system,
                      sl_system_kind_name(p->m->kind), slash ? slash + 1 : p->m->file);
  paragraph(p, system ? system : "");
  operations(p);
  for (size_t i = 0; i < p->m->n_shapes; i++) {
    const sl_shape_t *s = &p->m->shapes[i];
    snprintf(title, sizeof title, "Shape %s", s->name);
    heading(p, 2, title);
    lineage(p, s->frame, s, NULL, NULL);
  }
  for (size_t i = 0; i < p->m->n_ops; i++) {
    const sl_op_t *op = &p->m->ops[i];
    p->headed = false;
    lineage(p, op->request, NULL, op, "Request, beside its shape:");
    lineage(p, op->response, NULL, op, "Response, beside its shape:");
  }
  if (p->html) sl_buf_addz(&p->out, "</body></html>\n");
}

static int put(const page_t *p, const char *path)
{
  FILE *f = path ? fopen(path, "w") : stdout;
  bool done = f && fwrite(p->out.p, 1, p->out.len, f) == p->out.len && !fflush(f);
  if (f && path && fclose(f)) done = false;
  if (!done) perror(path ? path : "sluice doc: standard output");
  return done ? SL_EXIT_OK : SL_EXIT_FAILED;
}

int sl_cmd_doc(int argc, char **argv)
{
  settings_t settings = {0};
  int rest, status;
  if (sl_cmd_options(&table, &settings, argc, argv, 1, 1, &rest, &status)) {
    sl_diags_t *diags = sl_diags_new();
    sl_mapping_t *m = diags ? sl_mapping_load(argv[rest], diags) : NULL;
    page_t page = {.html = settings.html, .m = m, .arena = m ? sl_arena_new(0, 0) : NULL};
    if (!m && diags) sl_diags_print(diags, stderr);
    status = SL_EXIT_FAILED;
    if (page.arena) {
      page.laws = sl_laws_judge(m, page.arena, NULL);
      read_examples(&page);
      write_page(&page);
      status = put(&page, settings.output);
    }
    sl_buf_fini(&page.out);
    sl_arena_destroy(&page.arena);
    sl_mapping_destroy(&m);
    sl_diags_destroy(&diags);
  }
  sl_opt_fini(&table, &settings);
  return status;
}
