/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plan: the compiled form of a mapping, and the records that it runs on. compile*.c build it once
 * at load; readers, writers and run.c only walk it. It is immutable afterwards.
 *
 * A *frame* is one level of repetition: the request of an operation, its response, a shape on its
 * own, or the item of a list. It says how many slots and child lists its record has, and carries
 * the same fields three times, once for each way in or out:
 *
 *     legacy XML    a tree of sl_xnode_t: elements and attributes in the order the contract wants
 *     legacy SQL    sl_xcolumn_t: column labels
 *     JSON          a tree of sl_jnode_t: members in the order the mapping wrote them (the
 *                   consumer's JSON; a REST system's JSON is a second such tree)
 *
 * A *record* holds one level's values: slots, and for each child list a chain of records. A slot
 * is a state and borrowed bytes, in the spelling of the side that was read: a reader never
 * translates, the writer calls the codec. Readers and writers go as deep as the plan does, which
 * the compiler bounds, never as deep as the data. (The XML reader keeps a stack of its own, so that
 * a frame may contain itself once recursive types come.)
 *
 * Which side a record holds is known by its user: what sl_xml_read or a row filled is legacy
 * spelling (sl_lstate_t in the slots), what the consumer's JSON and arguments filled is JSON
 * spelling (sl_jstate_t in the slots, strings unescaped).
 *
 * A write with a base (base.h) has a second record: the legacy one as it is now, read by the base
 * operation. What no line maps is *carried* in it: raw pieces of the message (sl_chunk_t), kept for
 * the writer. Nodes with carry= say where; readers look at them only when they read a base.
 *
 * All of a plan lives in its mapping's arena.
 */
#ifndef SL_ENGINE_PLAN_H
#define SL_ENGINE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/arena.h"
#include "core/str.h"
#include "mappings/contract/contract.h"
#include "mappings/contract/jschema.h"
#include "mappings/engine/mapping.h"

typedef struct sl_codec sl_codec_t; /* codec.h */
typedef struct sl_frame sl_frame_t;
typedef struct sl_field sl_field_t;
typedef struct sl_list sl_list_t;
typedef struct sl_xnode sl_xnode_t;
typedef struct sl_jnode sl_jnode_t;
typedef struct sl_record sl_record_t;
typedef struct sl_choice sl_choice_t;
typedef struct sl_base sl_base_t; /* base.h */

/* --- states -------------------------------------------------------------------------------------
 */

/* What a legacy system can say instead of a value. The first is 0: a fresh record's slots are
 * missing. Readers of XML and rows set MISSING, NIL or TEXT; sl_legacy_state splits TEXT. */
typedef enum sl_lstate {
  SL_L_MISSING, /* no element, no column in the row, no member */
  SL_L_NIL,     /* xsi:nil, SQL NULL, JSON null */
  SL_L_TEXT,    /* there is text; the two below are found by looking at it */
  SL_L_EMPTY,   /* text of no characters */
  SL_L_BLANK,   /* nothing but spaces (U+0020), at least one */
} sl_lstate_t;
enum { SL_L_STATES = 5 };

/* What the consumer's JSON can say. ABSENT is 0, as MISSING is. */
typedef enum sl_jstate {
  SL_J_ABSENT, /* no such member */
  SL_J_NULL,
  SL_J_STRING, /* unescaped text; path, query and header arguments are strings too */
  SL_J_NUMBER, /* its digits */
  SL_J_TRUE,
  SL_J_FALSE,
} sl_jstate_t;

/* What a legacy state means to JSON (the codecs' null tables). */
typedef enum sl_meaning { SL_AS_VALUE, SL_AS_NULL, SL_AS_ABSENT } sl_meaning_t;

typedef enum sl_access { SL_READ_WRITE, SL_READ_ONLY, SL_WRITE_ONLY } sl_access_t;

/* --- records ------------------------------------------------------------------------------------
 */

enum {
  SL_SLOT_TEXT = 1,   /* JSON spelling from an HTTP end, where text has no kind */
  SL_SLOT_COPIED = 2, /* XML: p is in the arena and may be appended to */
  SL_SLOT_SHOWN = 4,  /* of a choice: a member that tells its kind was written */
  SL_SLOT_BARE = 8,   /* legacy JSON: it came without quotes */
};

typedef struct sl_slot {
  const char *p; /* in the message's arena, in the fed bytes, or in the plan; not terminated */
  uint32_t len;
  uint8_t state; /* sl_lstate_t or sl_jstate_t */
  uint8_t flags; /* SL_SLOT_TEXT, SL_SLOT_COPIED */
} sl_slot_t;

typedef struct sl_items {
  sl_record_t *first, *last;
  uint32_t n;
  uint8_t state; /* sl_lstate_t MISSING/NIL/TEXT of the list itself, or sl_jstate_t of its member */
  bool kept;     /* to be written: as the base has it, in its parts, too */
  bool bare;     /* legacy JSON: its one item came without an array */
} sl_items_t;

/* A piece of a legacy message that no line maps: an element's XML, the text of an attribute, a
 * member of JSON with its name; as the writer emits it. */
typedef struct sl_chunk {
  struct sl_chunk *next;
  sl_str_t text; /* in the arena */
} sl_chunk_t;

typedef struct sl_carry {
  sl_chunk_t *first, *last;
} sl_carry_t;

struct sl_record {
  const sl_frame_t *frame;
  sl_record_t *next;     /* the next item of the same list */
  sl_slot_t *slots;      /* frame->n_slots */
  sl_items_t *lists;     /* frame->n_lists */
  sl_carry_t *carries;   /* of a base: frame->n_carries, the first one unused; else NULL */
  const sl_base_t *base; /* to be written over a base; NULL: over nothing */
  bool null;             /* the item is null, or an unused place: it has no defaults */
};

/* A fresh record, all slots missing/absent, from arena; NULL when it is full. */
sl_record_t *sl_record_new(const sl_frame_t *frame, sl_arena_t *arena);
/* One more item at the end of record->lists[list]; NULL when the arena is full. */
sl_record_t *sl_record_add(sl_record_t *record, unsigned list, sl_arena_t *arena);

/* Makes record one that carries what no line maps; false when the arena is full. */
bool sl_record_carry(sl_record_t *record, sl_arena_t *arena);
/* One more piece at the end of record->carries[carry]; text is borrowed. */
bool sl_record_chunk(sl_record_t *record, unsigned carry, sl_str_t text, sl_arena_t *arena);

/* TEXT split into TEXT, EMPTY and BLANK; other states stay. */
static inline sl_lstate_t sl_legacy_state(const sl_slot_t *slot)
{
  if (slot->state != SL_L_TEXT) return (sl_lstate_t)slot->state;
  if (slot->len == 0) return SL_L_EMPTY;
  if (slot->p[0] != ' ') return SL_L_TEXT;
  for (uint32_t i = 1; i < slot->len; i++)
    if (slot->p[i] != ' ') return SL_L_TEXT;
  return SL_L_BLANK;
}

/* --- choices: records of several kinds in one place ---------------------------------------------
 *
 * The members of all cases live in one frame. What belongs to some cases only says so (`only`), and
 * is passed over in records of other kinds. Which case a record is stands in a hidden slot of its
 * own, `sel`: its len is the case's index + 1, 0 while that is not known. choice.h finds it out.
 */

/* With which cases of a choice something is there. choice NULL: always. Cases within cases name
 * the innermost choice, which is made only where the outer one is. */
typedef struct sl_only {
  const sl_choice_t *choice;
  uint64_t cases; /* bit i: case i */
} sl_only_t;

enum { SL_CASES_MAX = 64 };

typedef struct sl_case {
  sl_str_t legacy;   /* what the kind's slot holds in legacy spelling: type, element or code */
  sl_str_t json;     /* the JSON string (without quotes) */
  uint16_t name, ns; /* BY_TYPE: of the type, in mapping->names and ->spaces */
  sl_str_t xsi;      /* BY_TYPE: " xsi:type=\"n1:MailContact\"", "" when the base type needs none */
} sl_case_t;

typedef enum sl_choice_by { SL_BY_CODE, SL_BY_TYPE, SL_BY_ELEMENT } sl_choice_by_t;

struct sl_choice {
  uint8_t by;             /* sl_choice_by_t */
  bool told;              /* a JSON member names the kind; else the members tell */
  bool optional;          /* it stands in something that may be left out: there may be no kind */
  uint8_t access;         /* sl_access_t */
  int16_t base;           /* BY_TYPE: the case of an element without xsi:type; -1: none */
  uint16_t sel;           /* slot */
  uint16_t base_sel;      /* written over a base: 1 + its slot there; 0: it has none */
  const sl_field_t *kind; /* its slot holds the kind in the spelling of the side that was read */
  const sl_str_t *steps;  /* told: names of the members on the way to it, from the frame's root */
  const sl_str_t *legacy_steps; /* REST, BY_CODE: the same on the legacy side */
  uint16_t n_steps, n_legacy_steps;
  const sl_case_t *cases;
  uint16_t n_cases;
  sl_only_t within;    /* of an outer choice */
  const char *label;   /* for messages: "/contacts/kind", else the legacy path */
  const char *pointer; /* within the frame, as sl_jnode_t's: "/kind"; "" when the members tell */
};

/* --- fields -------------------------------------------------------------------------------------
 */

/* What a line says for people and tools, not for the runtime. Texts are never NULL. */
typedef struct sl_notes {
  const char *element;                   /* "field", "param", "slots" … */
  const char *type;                      /* type= as written; "" when it is the contract's */
  const char *since, *pii, *mask, *note; /* "" if not said */
  const char *value_default;             /* default=; NULL: none */
  const char *expression;                /* xpath= or template= as written; NULL: none */
  unsigned modulo;                       /* SL_MODULO_… of the line and of its type */
} sl_notes_t;

/* mask=: what of a value consumers see (mask.h). */
typedef enum sl_mask_kind { SL_MASK_NONE, SL_MASK_ALL, SL_MASK_LAST, SL_MASK_FIRST } sl_mask_kind_t;

typedef struct sl_derive sl_derive_t; /* derive.h: how a value is made from other slots */

/* How a legacy system's JSON spells a value that could be either. */
typedef enum sl_spelled { SL_SPELLED_ANY, SL_SPELLED_TEXT, SL_SPELLED_NUMBER } sl_spelled_t;

/* One line of a mapping. Also the value of a param, an outcome, a detail. */
struct sl_field {
  const sl_codec_t *codec;
  const sl_derive_t *derive;      /* NULL: the value is its slot's own */
  uint16_t slot;                  /* in its frame */
  uint16_t base_slot;             /* written over a base: 1 + its slot there; 0: it has none */
  uint8_t access;                 /* sl_access_t */
  uint8_t mask, mask_shown;       /* sl_mask_kind_t; characters shown of LAST and FIRST */
  bool never_absent;              /* over a base: an item itself, whose absence is shown as null */
  bool key, generated;            /* SQL */
  bool required;                  /* the contract demands it: SL_L_MISSING cannot be written */
  bool nillable;                  /* the contract allows SL_L_NIL */
  const struct sl_legacy *preset; /* what default= is written as; NULL: none, or not here (PATCH) */
  const sl_notes_t *notes;        /* NULL: a field that the engine made for itself */
  const char *json;   /* pointer within the body, lists by name: "/orders/amount"; "" if none */
  const char *http;   /* "path:id", "header:etag" (names of headers in lower case); "" if none */
  const char *legacy; /* as the user wrote it: "STATUS/@vip", "ORD_ID" */
  const char *object; /* legacy path of the <object>s that it is in, from its frame; "" if none */
  const char *label;  /* for messages: json, else http, else legacy */
  const sl_column_t *column;       /* SQL with a catalogue: what the catalogue says; else NULL */
  const sl_xtype_t *xtype;         /* SOAP: the contract's type of the value; else NULL */
  const struct sl_jschema *schema; /* REST: likewise (contract/jschema.h) */
  const struct sl_oparam *param;   /* REST: the contract's, of a path:, query:, header: end */
  uint8_t spelled;                 /* REST: sl_spelled_t, what the contract wants */
  const char *file;                /* that it stands in: the mapping's, or an imported one */
  sl_only_t only;                  /* a case's */
  const sl_field_t *other;         /* the same legacy place, hence the same slot, in another case */
  uint32_t order;                  /* among the fields and lists of its frame: as in the file */
  int line, col;
};

/* A constant written on one side. On the legacy side text is what stands in the message; on the
 * JSON side text is JSON text ("\"API\"", "7"). */
typedef struct sl_const {
  sl_str_t text;
  const char *label;
  sl_only_t only;
  const struct sl_const *other; /* the same place in another case */
  int line;                     /* 0: a predicate's */
  const char *file;             /* that its line stands in, and where */
  int file_line, col;
} sl_const_t;

/* How a list stands on the legacy side. Its JSON side is the same whatever the form (but PAIRS is
 * an object): a legacy reader fills the parts, sl_lists_gather (lists.h) makes the items of them,
 * and sl_lists_spread makes parts again before a legacy writer looks. */
typedef enum sl_list_form {
  SL_LIST_REPEATS, /* a repeated element, an array, rows */
  SL_LIST_SLOTS,   /* numbered places: parts[k] holds item k, or none */
  SL_LIST_ZIP,     /* parallel lists: each part has some of the item's values */
  SL_LIST_PAIRS,   /* names and values; in JSON an object. Slot 0 is the name, slot 1 the value */
  SL_LIST_PART,    /* a part of the two above: only legacy trees know it */
  SL_LIST_PICKED,  /* occurrences that predicates pick from, and nobody maps otherwise; only read */
} sl_list_form_t;

typedef enum sl_gaps { SL_GAPS_REJECT, SL_GAPS_CLOSE, SL_GAPS_NULL } sl_gaps_t;
typedef enum sl_on_write { SL_WRITE_REPLACE, SL_WRITE_ALIGN, SL_WRITE_APPEND } sl_on_write_t;

/* A value has one slot in a part's (or a picked) item, and another where it belongs. */
typedef struct sl_slot_pair {
  uint16_t from, to;
  const sl_field_t *field; /* of the two, the one that says its codec */
} sl_slot_pair_t;

/* The occurrence that a predicate picks: [@n='color']. Its values are slots of the record itself.
 */
typedef struct sl_pick {
  sl_str_t is;
  const char *path; /* for messages: "EXT/PROP[@n='color']" */
  const sl_slot_pair_t *pairs;
  size_t n_pairs;
} sl_pick_t;

/* A child list of a frame; its items are records of `item`. */
struct sl_list {
  const sl_frame_t *item;
  uint16_t index;            /* in sl_record_t.lists */
  uint16_t base_list;        /* written over a base: 1 + its index there; 0: it has none */
  uint8_t access;            /* sl_access_t */
  uint8_t form;              /* sl_list_form_t */
  uint8_t gaps;              /* sl_gaps_t, of SLOTS */
  uint8_t on_write;          /* sl_on_write_t */
  const char *json, *legacy; /* as in sl_field_t */
  const char *object;        /* likewise */
  uint32_t order;            /* likewise */
  uint32_t min, max;         /* occurrences the contract allows; SL_UNBOUNDED */
  bool single_object;        /* REST: one item may come (and goes) without its array */
  bool drops;                /* an item of which nothing is written may be left out */
  bool uneven;               /* ZIP: what a shorter list lacks is absent */
  bool counted;              /* PICKED: what no predicate picks is unknown input (not ignored) */
  const sl_notes_t *notes;   /* NULL: made by the engine */

  const char *const *key; /* legacy paths of the item's key; SQL: column labels */
  size_t n_key;
  const sl_field_t *const
      *key_fields; /* n_key, those fields of the item; NULL: not all are mapped */

  const sl_list_t *const *parts; /* SLOTS, ZIP: lists of the same frame, in order */
  size_t n_parts;
  const sl_list_t *whole;      /* PART: what it is a part of */
  const sl_slot_pair_t *pairs; /* PART of a ZIP: from its item's slots to the whole's */
  size_t n_pairs;
  const sl_pick_t *picks; /* REPEATS, PAIRS, PICKED: items that are not the list's */
  size_t n_picks;
  uint16_t pick_slot; /* of the item: what predicates look at */

  /* SQL */
  const char *table;         /* "ORDER_LINE"; "" if none */
  const char *const *parent; /* column labels that join it to its parent (in the parent's frame) */
  size_t n_parent;
  const char *file;
  sl_only_t only; /* a case's */
  int line, col;
};

/* SQL: are its items rows? Those of numbered places are columns. */
static inline bool sl_list_has_rows(const sl_list_t *list)
{
  return list->form != SL_LIST_SLOTS && list->form != SL_LIST_PART;
}

/* --- the legacy side: XML
 * ------------------------------------------------------------------------- */

typedef struct sl_xattr_plan {
  uint16_t name, ns; /* indexes in mapping->names and ->spaces */
  uint16_t carry;    /* not mapped: its text is carried in record->carries[carry]; 0: it is not */
  bool required;
  const sl_field_t *field; /* NULL: constant, ignored or carried */
  const sl_const_t *constant;
  sl_only_t only;
  sl_str_t open; /* " n1:vip=\"" */
} sl_xattr_plan_t;

/* An element: its text goes to a field, or its children to more nodes, or (a list) each
 * occurrence is an item of `list` whose own content is list->item->xml. */
struct sl_xnode {
  uint16_t name, ns; /* indexes in mapping->names and ->spaces */
  uint16_t n_attrs, n_children;
  bool odd;                /* ignored, raw, carried, or of a choice: not the plain way */
  const sl_field_t *field; /* its text */
  const sl_list_t *list;   /* repeated: an item per occurrence */
  const sl_xattr_plan_t *attrs;
  const sl_xnode_t *children; /* in contract order, adjacent */
  const sl_const_t *constant; /* its text, when written */
  uint16_t carry;             /* not mapped: all its occurrences are carried; 0: they are not */
  uint16_t rest, rest_attrs;  /* carries for children and attributes that have no node; 0: none */
  uint16_t place;             /* a carry that marks that this was there; 0: none */
  uint16_t hollow;            /* likewise, and that nothing was in it */
  uint16_t choice;            /* equal and not 0: alternatives among their siblings */
  bool raw;                   /* its field's value is the element itself, as XML */
  bool guarded;               /* of a base: what has neither node nor carry could not be kept */
  bool ignored;               /* named by <ignore>: skipped without being counted */
  bool nillable;              /* may be written as xsi:nil */
  bool required;              /* by the contract, in its parent */
  bool writable;        /* something below may be written (not read-only through and through) */
  bool keeps;           /* or something below is kept of a base */
  bool has_values;      /* something below is not a constant */
  bool kinds;           /* one of the two at the end says something */
  const char *path;     /* for messages: "CUSTOMER/CONTACTS" */
  sl_str_t open, close; /* "<n1:NAME", "</n1:NAME>" */
  const sl_choice_t *by_type; /* its xsi:type decides this */
  sl_only_t only;             /* with cases of a choice BY_TYPE or BY_ELEMENT; never BY_CODE */
};

enum { SL_NS_NONE = 0, SL_NS_ANY = 0xffff }; /* ANY: without a contract, any namespace will do */

/* Names of elements and attributes (or namespaces) of a whole mapping, each once: index 0 is "".
 * The XML reader interns them in its own dictionary, so that matching compares pointers. */
typedef struct sl_names {
  const char **v;
  uint16_t n, cap;
} sl_names_t;

/* --- the legacy side: SQL
 * ------------------------------------------------------------------------- */

typedef struct sl_column_plan {
  sl_str_t label;          /* column label, matched without regard to ASCII case */
  const sl_field_t *field; /* NULL: constant or ignored */
  const sl_const_t *constant;
  const sl_list_t *place; /* a numbered place: field is one of this list's single item */
} sl_column_plan_t;

/* --- JSON
 * ----------------------------------------------------------------------------------------- */

typedef enum sl_jkind {
  SL_JN_OBJECT,
  SL_JN_FIELD,
  SL_JN_LIST,
  SL_JN_CONST,
  SL_JN_IGNORE,
  SL_JN_PLACE, /* legacy: a numbered place: the only item of `list` */
  SL_JN_PAIRS, /* the consumer's: an object, each member an item of `list` */
} sl_jkind_t;

/* A member of an object, or the root (its key is then empty). */
struct sl_jnode {
  uint8_t kind;  /* sl_jkind_t */
  bool has_list; /* OBJECT: a list is below it: it is never left out */
  bool required; /* OBJECT: written even when all its members are absent (as {}) */
  bool readable; /* something below it appears in answers */
  bool writable; /* something below it is accepted from the consumer */
  bool keeps;    /* of a legacy JSON: or is kept of a base */
  bool kinds;    /* `only` says something */
  bool twin;     /* FIELD: one line reads the member, another writes it */
  uint16_t n_children;
  uint16_t carry, place;      /* OBJECT, of a legacy JSON: carries its other members; marks that
                                 it was there; 0: none */
  sl_str_t quoted;            /* "\"name\":" ready to copy */
  const sl_field_t *field;    /* FIELD */
  const sl_list_t *list;      /* LIST; its items are written by list->item->json */
  const sl_jnode_t *children; /* OBJECT: adjacent, in mapping order */
  sl_str_t key;               /* unescaped member name */
  const char *pointer;        /* from the root of the body, for messages: "/address/city" */
  const sl_const_t *constant; /* CONST */
  const sl_choice_t *names;   /* FIELD: it names the kind of this */
  sl_only_t only;             /* a case's: other nodes of the same key may stand beside it */
};

/* --- frames
 * --------------------------------------------------------------------------------------- */

/* An argument of the HTTP request, or a header of the answer, and the slot behind it. */
typedef struct sl_http_end {
  sl_str_t name; /* "path:id" */
  const sl_field_t *field;
} sl_http_end_t;

struct sl_frame {
  const sl_mapping_t *mapping;
  const char *name; /* of the shape, or of the operation and its end; for messages */
  uint16_t n_slots, n_lists, n_carries; /* n_carries counts an unused first one */
  const sl_field_t *const *fields;      /* by slot */
  const sl_list_t *const *lists;        /* by index */
  const sl_choice_t *const *choices;    /* outer ones before those within them */
  size_t n_choices;
  const sl_http_end_t *http;
  size_t n_http;
  bool shaped; /* some list, here or below, is what lists.h is for */
  bool merge;  /* of a request: what the consumer leaves out stays as it is */

  const sl_jnode_t *json;          /* the consumer's side; an OBJECT, or a LIST or FIELD alone */
  const sl_xnode_t *xml;           /* SOAP: the element whose content this is */
  const sl_jnode_t *legacy_json;   /* REST */
  const sl_column_plan_t *columns; /* ODBC: of this level only, in mapping order */
  size_t n_columns;
  const char *table;         /* ODBC; "" if none */
  const sl_http_end_t *rest; /* REST requests: "header:x-request-id", "query:q", "path:no" */
  size_t n_rest;
  sl_str_t xmlns; /* declarations for all prefixes below: " xmlns:n1=\"…\"" */
  bool xsi;       /* xmlns has that of xsi, too: an xsi:type is below */
  uint16_t place; /* of a base: carries[place] is not empty when the record was there; 0: unknown */
};

/* --- operations
 * ----------------------------------------------------------------------------------- */

/* One <when>, <otherwise> or <fault>. */
typedef struct sl_when {
  const char *is; /* the code; with `prefix` its beginning ("23*"); NULL: otherwise / any */
  size_t is_len;
  bool prefix;
  int status;
  bool fault_text;          /* detail="#text": the fault's own text */
  const char *problem;      /* problem type's last segment, or "" */
  const sl_field_t *detail; /* slot in the response frame; NULL: none */
  bool retry;
} sl_when_t;

typedef enum sl_source {
  SL_FROM_FIELD,
  SL_FROM_STATUS,
  SL_FROM_ROWS,
  SL_FROM_SQLSTATE
} sl_source_t;

typedef struct sl_outcome {
  sl_source_t source;
  const sl_field_t *field; /* FROM_FIELD: in the response frame */
  const sl_when_t *whens;  /* in order; the last is otherwise */
  size_t n_whens;
} sl_outcome_t;

typedef enum sl_param_mode {
  SL_PARAM_IN,
  SL_PARAM_OUT,
  SL_PARAM_INOUT,
  SL_PARAM_RETURN /* what a function gives back */
} sl_param_mode_t;

/* SQL: a <param>. Its value is slot `field->slot` of the request frame; of one that only comes back
 * from a procedure, field is out. */
typedef struct sl_param {
  sl_str_t name; /* as in :name */
  const sl_field_t *field;
  const sl_field_t *out; /* what comes back, in the response frame; NULL: nothing */
  uint8_t mode;          /* sl_param_mode_t */
  bool optional;
} sl_param_t;

static inline bool sl_param_goes_in(const sl_param_t *param)
{
  return param->mode == SL_PARAM_IN || param->mode == SL_PARAM_INOUT;
}

/* SQL: a piece of a <select>, as written, in order. sql_compile.c cuts the :names out of it. */
typedef struct sl_sql_piece {
  sl_str_t text;
  enum { SL_IF_ALWAYS, SL_IF_PARAM, SL_IF_PAGE_AFTER } when;
  uint16_t param; /* IF_PARAM: index in op->params */
  int line, col;  /* of the text's first byte in the mapping file */
} sl_sql_piece_t;

typedef struct sl_select {
  const sl_list_t *list; /* for="/lines": fills this list of the response's items; NULL: the rows */
  const sl_sql_piece_t *pieces;
  size_t n_pieces;
  const void *compiled; /* sql_compile.c's */
} sl_select_t;

typedef struct sl_page {
  const char *const *key; /* column labels */
  size_t n_key;
  unsigned size, max;
  const char *json; /* member for the next cursor: "/next"; "" if none */
  int line, col;
} sl_page_t;

typedef struct sl_generated {
  const sl_field_t *field; /* in the request frame */
  sl_str_t sql;            /* a SELECT of one value; empty: the database makes it by itself */
  int line, col;
} sl_generated_t;

typedef enum sl_change_kind { SL_CHANGE_NONE, SL_CHANGE_INSERT, SL_CHANGE_UPDATE } sl_change_kind_t;

/* <insert> or <update>: the request frame is the shape; the text is derived from it. */
typedef struct sl_change {
  sl_change_kind_t kind;
  bool replace;               /* update mode="replace" */
  const sl_field_t *if_match; /* column that an If-Match is compared with; NULL: none */
  const sl_generated_t *generated;
  size_t n_generated;
  const void *compiled; /* sql_compile.c's */
} sl_change_t;

struct sl_op {
  sl_op_info_t info;
  const sl_mapping_t *mapping;
  const sl_frame_t
      *request; /* json, http and params on one side, legacy on the other; NULL: none */
  const sl_frame_t *response; /* outcome and detail slots, and the shape; NULL: none */
  bool reads_body;            /* the consumer's JSON is read */

  const sl_outcome_t *outcomes; /* in order: the first that is not a success decides */
  size_t n_outcomes;
  const sl_when_t *faults; /* SOAP, in order; the last may have is NULL: any */
  size_t n_faults;
  int status;            /* <response status=>, 0: as the outcome says */
  const sl_op_t *base;   /* base=: the operation that reads what is to be written over; of messages
                            a copy whose response frame carries what no line maps */
  const sl_op_t *reread; /* <response reread=>: the answer is this operation's; NULL: none */
  bool body;             /* the answer has a JSON body */
  bool patch;            /* members that the consumer leaves out stay as they are */
  const sl_list_t *rows; /* the answer is a list of a shape (response json="/items", or the SQL
                            rows): this list of the response frame; NULL: one record */

  /* SQL */
  const sl_param_t *params;
  size_t n_params;
  const sl_page_t *page; /* NULL: not paged */
  const sl_select_t *selects;
  size_t n_selects;
  sl_change_t change;
  const char *procedure; /* <call procedure=>: its arguments are the params; NULL: none. The only
                            select is then the one that stands for <result>, and has no text */
  bool transaction;
  const void *sql; /* sql_compile.c's, for the whole operation */

  /* SOAP */
  const sl_wsdl_op_t *wsdl;
  sl_str_t head, tail; /* the envelope around the content of the request's root element */
  /* REST */
  const char *rest_path; /* template: "/v1/inv/{id}" */

  int line, col;
};

struct sl_shape {
  const char *name;
  const sl_mapping_t *mapping;
  const sl_frame_t *frame;
  const char *file;
  int line, col;
};

/* An <example>. Its texts stand in the mapping or in files beside it, which only tools read. */
typedef struct sl_sample {
  bool there;
  const char *file; /* as written, relative to the mapping file; "": text stands in the mapping */
  sl_str_t text;
} sl_sample_t;

typedef struct sl_example {
  const sl_shape_t *shape; /* one of the two */
  const sl_op_t *op;
  sl_sample_t legacy, json, body, request;
  const char *args, *legacy_status; /* "" if not said */
  int status;                       /* 0: not said */
  bool canonical;                   /* writing the JSON gives these very legacy spellings */
  int line, col;
} sl_example_t;

struct sl_xml_pool; /* reader_xml.c: parsers kept for the next message */

struct sl_mapping {
  sl_arena_t *arena; /* owns everything below */
  const char *file, *name, *version, *system;
  const char *const *files; /* the same, and what it imports */
  size_t n_files;
  sl_system_kind_t kind;
  bool has_raw;             /* some node is raw */
  bool reject_unknown;      /* unknown="reject" */
  sl_contract_t *contract;  /* NULL: none; owned */
  sl_jschemas_t *canonical; /* <canonical schema=>; NULL: none; owned */
  sl_names_t names, spaces;
  sl_codec_t **codecs; /* owned, malloced */
  size_t n_codecs;
  const sl_op_t *ops;
  size_t n_ops;
  const sl_shape_t *shapes;
  size_t n_shapes;
  const sl_example_t *examples;
  size_t n_examples;
  struct sl_xml_pool *pool; /* owned */
};

#endif
