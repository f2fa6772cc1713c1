/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/host/calls.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"

/* Deadlines are looked at this often while anything is open: cheaper than a timer per call, and
 * nobody notices a deadline that is kept to within 20 ms. */
enum { SWEEP_MS = 20, KEEP_FREE = 256, MAX_ARGS = SL_BUS_MAX_PAIRS, MAX_ID = 128 };

typedef enum state { QUEUED, STARTED, OVER /* answered; the adapter still holds it */ } state_t;

struct sl_host_call {
  sl_host_call_t *prev, *next; /* in queue, open or over; the free list uses next */
  sl_calls_t *calls;
  sl_bus_incoming_t *in; /* NULL once answered */
  const sl_op_t *op;
  sl_input_t input;
  sl_arena_t *arena;
  sl_buf_t wire;
  int64_t deadline; /* sl_clock_ms */
  void *data;
  state_t state;
  bool sent;      /* the legacy system may have seen it */
  bool streaming; /* the head is out: from now on the deadline is the sender's minimum rate */
  bool cancelled; /* told to the adapter already */
  char id[MAX_ID + 1], traceparent[64];
};

typedef struct list {
  sl_host_call_t *first, *last;
  int64_t n;
} list_t;

struct sl_calls {
  sl_loop_t *loop;
  const sl_mapping_t *mapping;
  const sl_adapter_t *adapter;
  void *self; /* the adapter's */
  sl_bus_server_t *server;
  sl_calls_opts_t opts;
  sl_timer_t *sweep;
  list_t queue, open, over;
  sl_host_call_t *free;
  int64_t n_free;
  bool draining, pumping;
  sl_loop_fn drained;
  void *drained_ctx;
};

static void pump(sl_calls_t *self);

static void append(list_t *list, sl_host_call_t *call)
{
  call->next = NULL;
  call->prev = list->last;
  if (list->last)
    list->last->next = call;
  else
    list->first = call;
  list->last = call;
  list->n++;
}

static void unlink_call(list_t *list, sl_host_call_t *call)
{
  if (call->prev)
    call->prev->next = call->next;
  else
    list->first = call->next;
  if (call->next)
    call->next->prev = call->prev;
  else
    list->last = call->prev;
  list->n--;
}

static list_t *list_of(sl_host_call_t *call)
{
  sl_calls_t *self = call->calls;
  return call->state == QUEUED ? &self->queue : call->state == STARTED ? &self->open : &self->over;
}

static void enter(sl_host_call_t *call, state_t state)
{
  call->state = state;
  append(list_of(call), call);
}

static void move_to(sl_host_call_t *call, state_t state)
{
  unlink_call(list_of(call), call);
  enter(call, state);
}

/* Calls that the adapter still works on, answered or not, are what the legacy system feels. */
static int64_t in_flight(const sl_calls_t *self)
{
  return self->open.n + self->over.n;
}

static void tell_load(sl_calls_t *self)
{
  if (!self->server) return;
  double load = (double)(in_flight(self) + self->queue.n) / (double)self->opts.max_in_flight;
  sl_bus_server_load(self->server, self->draining ? 1e6 : load);
}

/* --- taking and giving back ---------------------------------------------------------------------
 */

static sl_host_call_t *take(sl_calls_t *self)
{
  sl_host_call_t *call = self->free;
  if (call) {
    self->free = call->next;
    self->n_free--;
    return call;
  }
  call = calloc(1, sizeof *call);
  if (call) call->arena = sl_arena_new(0, (size_t)self->opts.max_message);
  if (call && !call->arena) {
    free(call);
    return NULL;
  }
  if (call) sl_buf_init(&call->wire, 1 << 20);
  return call;
}

static void destroy_call(sl_host_call_t *call)
{
  sl_arena_destroy(&call->arena);
  sl_buf_fini(&call->wire);
  free(call);
}

static void give_back(sl_calls_t *self, sl_host_call_t *call)
{
  unlink_call(list_of(call), call);
  if (self->n_free >= KEEP_FREE) {
    destroy_call(call);
  } else {
    sl_arena_t *arena = call->arena;
    sl_buf_t wire = call->wire;
    sl_arena_reset(arena);
    sl_buf_clear(&wire);
    memset(call, 0, offsetof(sl_host_call_t, id));
    call->arena = arena;
    call->wire = wire;
    call->next = self->free;
    self->free = call;
    self->n_free++;
  }
  tell_load(self);
  pump(self);
  if (!in_flight(self) && !self->queue.n) {
    sl_timer_stop(self->sweep);
    if (self->draining && self->drained) {
      sl_loop_fn fn = self->drained;
      self->drained = NULL;
      fn(self->drained_ctx);
    }
  }
}

/* --- answers ------------------------------------------------------------------------------------
 */

static void answer_problem(sl_bus_incoming_t *in, sl_problem_t *problem, const char *system,
                           bool not_started, sl_str_t wire)
{
  sl_bus_header_t header = {
      .status = problem->status, .has_problem = true, .not_started = not_started, .wire = wire};
  snprintf(problem->system, sizeof problem->system, "%s", system);
  header.problem = *problem;
  sl_bus_answer(in, &header, sl_strn(NULL, 0));
}

/* A call that was not taken on. */
static void refuse(sl_calls_t *self, sl_bus_incoming_t *in, sl_code_t code, bool not_started,
                   const char *text)
{
  sl_err_t err;
  sl_problem_t problem;
  sl_err_set(&err, code, "%s", text);
  sl_problem_from_err(&problem, &err);
  answer_problem(in, &problem, sl_mapping_system(self->mapping), not_started, sl_strn(NULL, 0));
}

/* The one place where "no answer" becomes "in doubt": a request that changes something has left us,
 * and whether it was executed nobody can tell. */
static sl_code_t honest(const sl_host_call_t *call, sl_code_t code)
{
  bool changes = !sl_op_info(call->op)->safe && call->sent;
  return changes && (code == SL_TIMED_OUT || code == SL_UNAVAILABLE || code == SL_CANCELLED)
             ? SL_IN_DOUBT
             : code;
}

static void log_failure(const sl_host_call_t *call, const sl_problem_t *problem)
{
  bool everyday = problem->code == SL_INVALID || problem->code == SL_LEGACY_ERROR ||
                  problem->code == SL_CANCELLED;
  sl_level_t level = everyday ? SL_LOG_DEBUG : SL_LOG_WARN;
  sl_log(level, call->id, "call failed",
         "operation=%s category=%s status=%d field=%s detail=\"%s\"", sl_op_info(call->op)->name,
         sl_code_name(problem->code), problem->status, problem->field, problem->detail);
}

static void fail_in(sl_host_call_t *call, const sl_err_t *err, bool not_started)
{
  sl_problem_t problem;
  sl_err_t told = *err;
  told.code = honest(call, err->code);
  sl_problem_from_err(&problem, &told);
  log_failure(call, &problem);
  if (call->streaming)
    sl_bus_answer_chunk(call->in, sl_strn(NULL, 0), true, problem.detail);
  else
    answer_problem(call->in, &problem, sl_mapping_system(call->calls->mapping), not_started,
                   sl_buf_str(&call->wire));
  call->in = NULL;
}

/* Ends a started call from our side; the adapter lets go of it by itself. */
static void abandon(sl_host_call_t *call, const sl_err_t *err)
{
  fail_in(call, err, false);
  move_to(call, OVER);
  call->cancelled = true;
  call->calls->adapter->cancel(call->calls->self, call);
}

void sl_host_answer(sl_host_call_t *call, const sl_answer_t *answer, sl_str_t body)
{
  if (call->in) {
    sl_bus_pair_t pairs[SL_ANSWER_HEADERS];
    sl_bus_header_t header = {.status = answer->status,
                              .headers = pairs,
                              .n_headers = answer->n_headers,
                              .wire = sl_buf_str(&call->wire)};
    for (size_t i = 0; i < answer->n_headers; i++)
      pairs[i] = (sl_bus_pair_t){answer->headers[i].name, answer->headers[i].value};
    if (answer->problem) {
      header.has_problem = true;
      header.problem = *answer->problem;
      snprintf(header.problem.system, sizeof header.problem.system, "%s",
               sl_mapping_system(call->calls->mapping));
      log_failure(call, answer->problem);
    }
    sl_bus_answer(call->in, &header, answer->problem ? sl_strn(NULL, 0) : body);
    call->in = NULL;
  }
  give_back(call->calls, call);
}

void sl_host_fail(sl_host_call_t *call, const sl_err_t *err)
{
  if (call->in) fail_in(call, err, false);
  give_back(call->calls, call);
}

void sl_host_begin(sl_host_call_t *call, const sl_answer_t *answer, sl_str_t first)
{
  call->streaming = true;
  if (!call->in) return;
  sl_bus_pair_t pairs[SL_ANSWER_HEADERS];
  sl_bus_header_t header = {
      .status = answer->status, .headers = pairs, .n_headers = answer->n_headers, .more = true};
  for (size_t i = 0; i < answer->n_headers; i++)
    pairs[i] = (sl_bus_pair_t){answer->headers[i].name, answer->headers[i].value};
  sl_bus_answer(call->in, &header, first);
}

int64_t sl_host_credit(const sl_host_call_t *call)
{
  return call->in ? sl_bus_incoming_credit(call->in) : 0;
}

void sl_host_more(sl_host_call_t *call, sl_str_t data, bool last, const char *broken)
{
  bool over = last || broken;
  if (call->in) sl_bus_answer_chunk(call->in, data, over, broken);
  if (!over) return;
  call->in = NULL;
  give_back(call->calls, call);
}

void sl_host_release(sl_host_call_t *call)
{
  SL_ASSERT(call->state == OVER);
  give_back(call->calls, call);
}

/* --- what the adapter asks
 * ------------------------------------------------------------------------ */

const sl_op_t *sl_host_call_op(const sl_host_call_t *call)
{
  return call->op;
}

const sl_input_t *sl_host_call_input(const sl_host_call_t *call)
{
  return &call->input;
}

sl_arena_t *sl_host_call_arena(sl_host_call_t *call)
{
  return call->arena;
}

const char *sl_host_call_id(const sl_host_call_t *call)
{
  return call->id;
}

int64_t sl_host_call_left_ms(const sl_host_call_t *call)
{
  int64_t left = call->deadline - sl_clock_ms();
  return left > 0 ? left : 0;
}

const char *sl_host_call_traceparent(const sl_host_call_t *call)
{
  return call->traceparent;
}

bool sl_host_call_wants_wire(const sl_host_call_t *call)
{
  return call->in && sl_bus_incoming_header(call->in)->show_wire;
}

void sl_host_call_wire(sl_host_call_t *call, bool outgoing, sl_str_t bytes)
{
  sl_buf_addz(&call->wire,
              outgoing ? ">>> to the legacy system\n" : "<<< from the legacy system\n");
  sl_buf_adds(&call->wire, bytes);
  sl_buf_addc(&call->wire, '\n');
}

void **sl_host_call_data(sl_host_call_t *call)
{
  return &call->data;
}

void sl_host_sent(sl_host_call_t *call)
{
  call->sent = true;
}

/* --- admission
 * ------------------------------------------------------------------------------------ */

static void copy_z(char *out, size_t size, sl_str_t s)
{
  size_t n = s.len < size - 1 ? s.len : size - 1;
  if (n) memcpy(out, s.p, n);
  out[n] = '\0';
}

/* "crm.getCustomer" → the operation, if the system is ours. */
static const sl_op_t *find(const sl_calls_t *self, sl_str_t operation)
{
  sl_str_t system = sl_str(sl_mapping_system(self->mapping));
  char name[256];
  if (operation.len <= system.len || memcmp(operation.p, system.p, system.len) ||
      operation.p[system.len] != '.')
    return NULL;
  copy_z(name, sizeof name, sl_strn(operation.p + system.len + 1, operation.len - system.len - 1));
  return sl_mapping_op(self->mapping, name);
}

static void start(sl_host_call_t *call)
{
  move_to(call, STARTED);
  call->calls->adapter->call(call->calls->self, call);
}

static void expire_queued(sl_host_call_t *call)
{
  sl_err_t err;
  sl_err_set(&err, SL_UNAVAILABLE, "the call waited in the queue until its deadline");
  fail_in(call, &err, true);
  give_back(call->calls, call);
}

/* Not recursive: an adapter that answers at once would otherwise start the next call from within
 * the answer of the last, as deep as the queue is long. */
static void pump(sl_calls_t *self)
{
  if (self->pumping) return;
  self->pumping = true;
  while (self->queue.first && in_flight(self) < self->opts.max_in_flight) {
    sl_host_call_t *call = self->queue.first;
    if (call->deadline <= sl_clock_ms())
      expire_queued(call);
    else
      start(call);
  }
  self->pumping = false;
}

static bool fill(sl_calls_t *self, sl_host_call_t *call, sl_bus_incoming_t *in)
{
  const sl_bus_header_t *header = sl_bus_incoming_header(in);
  int64_t given = sl_bus_incoming_deadline(in), own = sl_clock_ms() + self->opts.deadline_ms;
  sl_arg_t *args = sl_arena_alloc(call->arena, (header->n_args + 1) * sizeof *args);
  if (!args || header->n_args > MAX_ARGS) return false;
  for (size_t i = 0; i < header->n_args; i++)
    args[i] = (sl_arg_t){header->args[i].name, header->args[i].value};
  call->calls = self;
  call->in = in;
  call->input = (sl_input_t){args, header->n_args, sl_bus_incoming_body(in)};
  call->deadline = given < own ? given : own;
  copy_z(call->id, sizeof call->id, header->id);
  copy_z(call->traceparent, sizeof call->traceparent, header->traceparent);
  return true;
}

static void on_call(void *ctx, sl_bus_incoming_t *in)
{
  sl_calls_t *self = ctx;
  const sl_op_t *op = find(self, sl_bus_incoming_header(in)->operation);
  if (!op) return refuse(self, in, SL_NOT_FOUND, true, "this adapter has no such operation");
  if (self->draining) return refuse(self, in, SL_UNAVAILABLE, true, "the adapter is shutting down");
  if (in_flight(self) >= self->opts.max_in_flight && self->queue.n >= self->opts.max_queue)
    return refuse(self, in, SL_UNAVAILABLE, true, "too many calls are waiting for this system");
  sl_host_call_t *call = take(self);
  if (!call) return refuse(self, in, SL_UNAVAILABLE, true, "the adapter is out of memory");
  call->op = op;
  if (!fill(self, call, in)) {
    destroy_call(call);
    return refuse(self, in, SL_TOO_LARGE, true, "the call has too many arguments");
  }
  *sl_bus_incoming_data(in) = call;
  enter(call, QUEUED);
  if (!sl_timer_running(self->sweep)) sl_timer_start(self->sweep, SWEEP_MS, true);
  tell_load(self);
  pump(self);
}

static void on_cancel(void *ctx, sl_bus_incoming_t *in)
{
  sl_host_call_t *call = *sl_bus_incoming_data(in);
  sl_err_t err;
  (void)ctx;
  if (!call) return;
  sl_err_set(&err, SL_CANCELLED, "the caller gave up");
  if (call->state == STARTED) {
    abandon(call, &err);
  } else {
    fail_in(call, &err, true);
    give_back(call->calls, call);
  }
}

static void on_credit(void *ctx, sl_bus_incoming_t *in)
{
  sl_calls_t *self = ctx;
  sl_host_call_t *call = *sl_bus_incoming_data(in);
  if (call && call->state == STARTED && self->adapter->credit)
    self->adapter->credit(self->self, call);
}

const sl_bus_server_handlers_t sl_calls_handlers = {on_call, on_cancel, on_credit};

/* --- deadlines
 * ------------------------------------------------------------------------------------ */

static void sweep(void *ctx)
{
  sl_calls_t *self = ctx;
  int64_t now = sl_clock_ms();
  sl_host_call_t *call, *next;
  for (call = self->queue.first; call; call = next) {
    next = call->next;
    if (call->deadline <= now) expire_queued(call);
  }
  /* Ending one may end or start others, so begin anew after each; those ended are gone from here.
   */
restart:
  for (call = self->open.first; call; call = call->next) {
    if (call->deadline > now || call->streaming) continue;
    sl_err_t err;
    sl_err_set(&err, SL_TIMED_OUT, "the system did not answer within the deadline");
    abandon(call, &err);
    goto restart;
  }
}

/* --- the whole
 * ------------------------------------------------------------------------------------ */

sl_calls_t *sl_calls_new(sl_loop_t *loop, const sl_mapping_t *mapping, const sl_adapter_t *adapter,
                         const sl_calls_opts_t *opts)
{
  sl_calls_t *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->loop = loop;
  self->mapping = mapping;
  self->adapter = adapter;
  self->opts = *opts;
  self->sweep = sl_timer_new(loop, sweep, self);
  if (!self->sweep) {
    free(self);
    return NULL;
  }
  return self;
}

void sl_calls_attach(sl_calls_t *self, void *adapter_self, sl_bus_server_t *server)
{
  self->self = adapter_self;
  self->server = server;
}

void sl_calls_drain(sl_calls_t *self, sl_loop_fn fn, void *ctx)
{
  self->draining = true;
  tell_load(self);
  if (!in_flight(self) && !self->queue.n) return fn(ctx);
  self->drained = fn;
  self->drained_ctx = ctx;
}

size_t sl_calls_open(const sl_calls_t *self)
{
  return (size_t)(in_flight(self) + self->queue.n);
}

void sl_calls_halt(sl_calls_t *self)
{
  self->draining = true;
  self->drained = NULL;
  self->pumping = true;
}

void sl_calls_destroy(sl_calls_t **self_p)
{
  sl_calls_t *self = self_p ? *self_p : NULL;
  if (!self) return;
  sl_err_t err;
  sl_calls_halt(self);
  sl_err_set(&err, SL_UNAVAILABLE, "the adapter was stopped");
  list_t *lists[] = {&self->queue, &self->open, &self->over};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    for (sl_host_call_t *call; (call = lists[i]->first);) {
      if (call->in) fail_in(call, &err, call->state == QUEUED);
      unlink_call(lists[i], call);
      destroy_call(call);
    }
  for (sl_host_call_t *call; (call = self->free);) {
    self->free = call->next;
    destroy_call(call);
  }
  sl_timer_destroy(&self->sweep);
  free(self);
  *self_p = NULL;
}
