/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * contract-dump: prints the model of a contract as text, for golden comparison and for people.
 *
 *     contract-dump FILE            everything: operations, global elements reached, tables
 *     contract-dump --summary FILE  one line of counts
 *
 * Exit 1 when the contract was refused; its diagnostics go to standard output as well. */
#include <stdio.h>
#include <string.h>
#include "core/diag.h"
#include "mappings/contract/contract.h"
#include "mappings/contract/openapi.h"

enum { SHOWN_DEPTH = 12 };

static const char *base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void print_bounds(uint32_t min, uint32_t max)
{
  if (min == 1 && max == 1) return;
  if (max == SL_UNBOUNDED)
    printf(" [%u..*]", min);
  else
    printf(" [%u..%u]", min, max);
}

static void print_facets(const sl_facets_t *f)
{
  if (f->length >= 0) printf(" length=%lld", (long long)f->length);
  if (f->min_length >= 0) printf(" minLength=%lld", (long long)f->min_length);
  if (f->max_length >= 0) printf(" maxLength=%lld", (long long)f->max_length);
  if (f->items >= 0) printf(" items=%lld", (long long)f->items);
  if (f->min_items >= 0) printf(" minItems=%lld", (long long)f->min_items);
  if (f->max_items >= 0) printf(" maxItems=%lld", (long long)f->max_items);
  if (f->total_digits >= 0) printf(" totalDigits=%d", f->total_digits);
  if (f->fraction_digits >= 0) printf(" fractionDigits=%d", f->fraction_digits);
  if (f->min_inclusive) printf(" min=%s", f->min_inclusive);
  if (f->max_inclusive) printf(" max=%s", f->max_inclusive);
  if (f->min_exclusive) printf(" above=%s", f->min_exclusive);
  if (f->max_exclusive) printf(" below=%s", f->max_exclusive);
  for (size_t i = 0; i < f->n_enums; i++) printf("%s%s", i ? "|" : " enum=", f->enums[i]);
  for (size_t i = 0; i < f->n_patterns; i++) printf(" pattern=%s", f->patterns[i]);
  if (f->collapse) printf(" collapse");
}

static void print_simple(const sl_xtype_t *t)
{
  printf(" %s", sl_xbase_name(t->simple));
  if (t->list_item) printf(" list of %s", sl_xbase_name(t->list_item->simple));
  if (t->is_union) printf(" union");
  for (size_t i = 0; i < t->n_members; i++)
    printf("%s%s", i ? "|" : " of ", t->members[i]->name[0] ? t->members[i]->name : "…");
  print_facets(&t->facets);
}

/* The types on the way from the root, so that a recursive one is named and not followed. */
struct path {
  const sl_xtype_t *types[SHOWN_DEPTH + 1];
  int depth;
};

static void print_type(const sl_xtype_t *t, struct path *path);

static void print_elem(const sl_xelem_t *e, uint32_t min, uint32_t max, const char *choice,
                       struct path *path)
{
  printf("%*s", 2 * path->depth + 2, "");
  if (e->ns[0])
    printf("{%s}%s", e->ns, e->name);
  else
    printf("%s", e->name);
  print_bounds(min, max);
  printf("%s", choice);
  if (e->nillable) printf(" nillable");
  if (e->abstract) printf(" abstract");
  if (e->fixed) printf(" fixed=%s", e->fixed);
  if (e->preset) printf(" default=%s", e->preset);
  print_type(e->type, path);
}

static void print_attrs(const sl_xtype_t *t, int indent)
{
  for (size_t i = 0; i < t->n_attrs; i++) {
    const sl_xattr_t *a = &t->attrs[i];
    printf("%*s@", indent, "");
    if (a->ns[0]) printf("{%s}", a->ns);
    printf("%s%s", a->name, a->required ? " required" : "");
    if (a->fixed) printf(" fixed=%s", a->fixed);
    if (a->preset) printf(" default=%s", a->preset);
    print_simple(a->type);
    printf("\n");
  }
}

static void print_type(const sl_xtype_t *t, struct path *path)
{
  printf(" : %s", t->name[0] ? t->name : "(anonymous)");
  if (t->simple != SL_X_NONE) print_simple(t);
  if (t->abstract) printf(" abstract");
  if (t->mixed) printf(" mixed");
  if (t->any_child) printf(" +any");
  if (t->any_attr) printf(" +anyAttribute");
  for (int i = 0; i < path->depth; i++)
    if (path->types[i] == t) {
      printf(" (see above)\n");
      return;
    }
  printf("\n");
  print_attrs(t, 2 * path->depth + 4);
  if (path->depth == SHOWN_DEPTH) return;
  path->types[path->depth++] = t;
  /* A choice's number depends on what was read before it: shown from 1 in each type. */
  uint32_t first = 0;
  for (size_t i = 0; i < t->n_children; i++)
    if (t->children[i].choice && (!first || t->children[i].choice < first))
      first = t->children[i].choice;
  for (size_t i = 0; i < t->n_children; i++) {
    const sl_xchild_t *c = &t->children[i];
    char choice[48] = "";
    if (c->choice)
      snprintf(choice, sizeof choice, " choice#%u%s", c->choice - first + 1,
               c->demanded ? " demanded" : "");
    print_elem(c->elem, c->min, c->max, choice, path);
  }
  path->depth--;
}

static void print_message(const char *what, const sl_xelem_t *e)
{
  struct path path = {.depth = 0};
  printf(" %s\n", what);
  if (e)
    print_elem(e, 1, 1, "", &path);
  else
    printf("  -\n");
}

static void print_op(const sl_wsdl_op_t *op)
{
  printf("operation %s at %s SOAP %s %s%s action=\"%s\" endpoint=\"%s\" line %d\n", op->name,
         op->port, op->soap_version == 12 ? "1.2" : "1.1", op->rpc ? "rpc" : "document",
         op->encoded ? "/encoded" : "", op->action, op->endpoint, op->where.line);
  print_message("input", op->input);
  for (size_t i = 0; i < op->n_input_headers; i++)
    print_message("input header", op->input_headers[i]);
  print_message("output", op->output);
  for (size_t i = 0; i < op->n_output_headers; i++)
    print_message("output header", op->output_headers[i]);
  for (size_t i = 0; i < op->n_faults; i++) {
    printf(" fault %s\n", op->faults[i].name);
    print_message(" detail", op->faults[i].elem);
  }
}

static void print_names(const char *what, const char *const *names, size_t n)
{
  printf("%s", what);
  for (size_t i = 0; i < n; i++) printf(" %s", names[i]);
}

static void print_table(const sl_table_t *t)
{
  printf("%s %s%s%s line %d\n", t->view ? "view" : "table", t->schema, t->schema[0] ? "." : "",
         t->name, t->where.line);
  for (size_t i = 0; i < t->n_columns; i++) {
    const sl_column_t *c = &t->columns[i];
    printf("  %s %s(%d,%d)%s%s%s\n", c->name, c->type, c->size, c->scale,
           c->nullable ? "" : " not null", c->generated ? " generated" : "",
           c->preset ? " default" : "");
  }
  if (t->n_key) {
    print_names("  key", t->key, t->n_key);
    printf("\n");
  }
  for (size_t i = 0; i < t->n_fkeys; i++) {
    print_names("  foreign key", t->fkeys[i].columns, t->fkeys[i].n);
    printf(" ->  %s", t->fkeys[i].table);
    print_names("", t->fkeys[i].to, t->fkeys[i].n);
    printf("\n");
  }
}

/* A schema's members, to a depth where no schema of ours goes on. */
static void print_schema(const sl_contract_t *c, const sl_jschema_t *s, int depth)
{
  char types[64];
  sl_str_t names[32];
  sl_jfacets_t f = sl_jschema_facets(s);
  printf(" %s", sl_jtypes_text(f.types, types));
  if (f.format) printf(" format=%s", f.format);
  if (f.max_length >= 0) printf(" maxLength=%lld", (long long)f.max_length);
  if (f.maximum.p) printf(" max=%s", f.maximum.p);
  if (f.below.p) printf(" below=%s", f.below.p);
  printf("\n");
  if (depth > 3) return;
  size_t n = sl_jschema_property_names(s, names, 32);
  for (size_t i = 0; i < n; i++) {
    printf("%*s%s%s", 2 * depth + 2, "", names[i].p,
           sl_jschema_requires(s, names[i]) ? " required" : "");
    print_schema(c, sl_jschema_member(sl_contract_schemas(c), s, names[i]), depth + 1);
  }
  if (!(f.types & SL_JT_ARRAY) || f.types == SL_JT_ANY) return;
  printf("%*s[]", 2 * depth + 2, "");
  print_schema(c, sl_jschema_item(sl_contract_schemas(c), s, 0), depth + 1);
}

static void print_oop(const sl_contract_t *c, const sl_oop_t *op)
{
  static const char *const places[] = {"path", "query", "header", "cookie"};
  printf("%s %s id=\"%s\" line %d of %s\n", op->method, op->path, op->id, op->where.line,
         base_name(op->where.file));
  for (size_t i = 0; i < op->n_params; i++) {
    const sl_oparam_t *p = &op->params[i];
    printf(" %s %s%s", places[p->in], p->name, p->required ? " required" : "");
    print_schema(c, p->schema, 1);
  }
  if (op->request) {
    printf(" request%s", op->request_required ? " required" : "");
    print_schema(c, op->request, 1);
  }
  for (size_t i = 0; i < op->n_responses; i++) {
    const sl_oresponse_t *r = &op->responses[i];
    printf(" response %s (%d)%s", r->text, r->status, r->body ? " body" : "");
    if (r->schema)
      print_schema(c, r->schema, 1);
    else
      printf("\n");
  }
}

/* Elements given by name after the file are shown too: for schemas without a WSDL. */
static void print_all(const sl_contract_t *c, int argc, char **argv)
{
  for (size_t i = 0; i < sl_contract_op_count(c); i++) print_op(sl_contract_op_at(c, i));
  for (size_t i = 0; i < sl_contract_oop_count(c); i++) print_oop(c, sl_contract_oop_at(c, i));
  for (size_t i = 0; i < sl_contract_table_count(c); i++) print_table(sl_contract_table_at(c, i));
  for (int i = 0; i + 1 < argc; i += 2) {
    const sl_xelem_t *e = sl_contract_elem(c, argv[i], argv[i + 1]);
    printf("element %s%s\n", argv[i + 1], e ? "" : ": none");
    if (e) print_message("global", e);
  }
}

static void print_summary(const sl_contract_t *c)
{
  size_t ops = sl_contract_op_count(c), rpc = 0, encoded = 0, soap12 = 0, faults = 0, headers = 0;
  for (size_t i = 0; i < ops; i++) {
    const sl_wsdl_op_t *op = sl_contract_op_at(c, i);
    rpc += op->rpc;
    encoded += op->encoded;
    soap12 += op->soap_version == 12;
    faults += op->n_faults;
    headers += op->n_input_headers + op->n_output_headers;
  }
  printf("%zu operations (%zu rpc, %zu encoded, %zu SOAP 1.2), %zu faults, %zu headers, %zu tables",
         ops, rpc, encoded, soap12, faults, headers, sl_contract_table_count(c));
}

static void print_diags(sl_diags_t *diags)
{
  for (size_t i = 0; i < sl_diags_count(diags); i++) {
    const sl_diag_t *d = sl_diags_at(diags, i);
    printf("%s:%d: %s %s %s\n", base_name(d->file), d->line,
           d->severity == SL_ERROR ? "error" : "warning", d->code, d->text);
    if (d->fix) printf("  fix: %s\n", d->fix);
  }
}

int main(int argc, char **argv)
{
  bool summary = argc > 1 && !strcmp(argv[1], "--summary");
  if (argc < 2 + summary) {
    fprintf(stderr, "usage: contract-dump [--summary] FILE [NAMESPACE ELEMENT]…\n");
    return 2;
  }
  sl_diags_t *diags = sl_diags_new();
  sl_contract_t *contract = sl_contract_load(argv[1 + summary], diags);
  if (summary && contract)
    print_summary(contract);
  else if (contract)
    print_all(contract, argc - 2, argv + 2);
  if (!contract) printf("refused: %zu errors", sl_diags_errors(diags));
  if (summary || !contract)
    printf(", %zu warnings\n", sl_diags_count(diags) - sl_diags_errors(diags));
  print_diags(diags);
  int rc = contract ? 0 : 1;
  sl_contract_destroy(&contract);
  sl_diags_destroy(&diags);
  return rc;
}
