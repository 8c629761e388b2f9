// load: many WebSocket subscribers and one publisher in one thread, driven by commands on its standard input.
//
// Every event carries the moment it was sent, in place of "%T" in its template (microseconds of the monotonic clock);
// every delivery is timed by it, from the publisher's send to our parsing. Commands, one a line:
//
//   open                          connects all; each counts when its greeting is answered
//   closed WINDOW SECONDS EACH    keeps WINDOW events not yet received by all on their way (EACH: receivers of an event,
//                                 0: all)
//   rate PER_SECOND SECONDS EACH  publishes at a steady pace, whatever comes back
//   listen SECONDS                publishes nothing: others do, or nobody
//   burst EVENTS                  publishes one after the other, each when the last connection (--last-alone) has had the
//                                 one before, asleep meanwhile and reading nothing for the others: what lies in their
//                                 sockets waits for `drain`
//   drain                         reads what the burst left, and says whether it was all
//   thrown EVENTS                 drops all connections, publishes EVENTS, brings all back with the resume greeting
//   quit
//
// Each is answered by one line of JSON. Built by bench/delivery/build.py: cc -O2 -o load load.c
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

static void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(2);
}

static u64 now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
}

// --- what we were told --------------------------------------------------------------------------------------------

typedef struct {
  u8 *data;
  size_t size;
} Bytes;

typedef struct {
  Bytes *all;
  int count;
} Lines;

static int port, wanted, at_once = 256, per_source = 20000, stall_ms = 3000;
static int last_alone;  // the last connection begins when all others are open, so that the server serves it last
static const char *path = "/", *marker = "\"t\":", *ready = "", *resume = "", *publish_kind = "none", *publish_path = "/";
static const char *topic = "flights", *publisher_hello = "", *publisher_header = "";
static int publish_port, stride;  // stride: so many bytes after a marker there is no other
static char headers[8192];
static Lines header_lines, hellos, templates;
static int hello_opcode = 1;

static Lines read_lines(const char *name) {
  FILE *file = fopen(name, "r");
  if (!file) die("cannot read %s: %s", name, strerror(errno));
  Lines lines = {0};
  char *line = NULL;
  size_t capacity = 0;
  ssize_t size;
  while ((size = getline(&line, &capacity, file)) > 0) {
    if (line[size - 1] == '\n') size--;
    lines.all = realloc(lines.all, (lines.count + 1) * sizeof *lines.all);
    lines.all[lines.count].data = (u8 *)strndup(line, size);
    lines.all[lines.count++].size = size;
  }
  free(line);
  fclose(file);
  if (!lines.count) die("%s is empty", name);
  return lines;
}

static Lines one_line(const u8 *data, size_t size) {
  Lines lines = {malloc(sizeof(Bytes)), 1};
  lines.all[0].data = memcpy(malloc(size + 1), data, size);
  lines.all[0].size = size;
  return lines;
}

static Lines from_hex(const char *text) {
  static u8 bytes[4096];
  size_t size = 0;
  unsigned value;
  for (; sscanf(text, "%2x", &value) == 1; text += 2) bytes[size++] = (u8)value;
  return one_line(bytes, size);
}

// --- latencies: 32 buckets for each doubling of microseconds --------------------------------------------------------

#define BUCKETS 2048
static u64 buckets[BUCKETS], slowest;

static void note_latency(u64 us) {
  int shift = us < 64 ? 0 : 58 - __builtin_clzll(us);
  u64 bucket = us < 64 ? us : (u64)shift * 32 + (us >> shift);
  buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
  if (us > slowest) slowest = us;
}

static double percentile_ms(double part) {
  u64 total = 0, seen = 0;
  for (int i = 0; i < BUCKETS; i++) total += buckets[i];
  for (int i = 0; i < BUCKETS; i++) {
    seen += buckets[i];
    if (seen > (u64)(part * total)) {
      if (i < 64) return i / 1000.0;
      int shift = (i - 32) / 32;
      u64 middle = ((u64)(i - shift * 32) << shift) + ((1ull << shift) >> 1);
      return (middle < slowest ? middle : slowest) / 1000.0;
    }
  }
  return slowest / 1000.0;
}

// --- connections --------------------------------------------------------------------------------------------------

enum State { UNUSED, CONNECTING, UPGRADING, GREETING, OPEN, DEAD };

typedef struct {
  int fd;
  u8 state, resumed;
  u8 *rest;  // an incomplete frame or header
  u32 size, capacity;
  u32 received;
} Connection;

static Connection *connections;
static int poller, started, opened, alive, failed, dead, back;
static u64 messages, frames, bytes_in, first_at, last_at;
static u8 buffer[1 << 20];
static char position[128];  // of the newest event that connection 0 has had
static u64 published;
static int returning, missed;

// Who is refused or cut off while connecting comes again a second or two later, as any client does.
static struct { int number; u64 due; } *again;
static int again_first, again_end, again_capacity;

static void try_again(int number) {
  if (again_end == again_capacity) {
    again_capacity = again_capacity ? 2 * again_capacity : 1024;
    again = realloc(again, again_capacity * sizeof *again);
  }
  again[again_end].number = number;
  again[again_end++].due = now_us() + 1000000 + rand() % 1000000;
}

static size_t masked_frame(u8 *out, int opcode, const u8 *data, size_t size) {
  static const u8 key[4] = {0x12, 0x34, 0x56, 0x78};
  size_t at = 0;
  out[at++] = 0x80 | opcode;
  if (size < 126) {
    out[at++] = 0x80 | size;
  } else if (size < 65536) {
    out[at++] = 0x80 | 126;
    out[at++] = size >> 8;
    out[at++] = size & 255;
  } else {
    out[at++] = 0x80 | 127;
    for (int i = 7; i >= 0; i--) out[at++] = (size >> (8 * i)) & 255;
  }
  memcpy(out + at, key, 4);
  at += 4;
  for (size_t i = 0; i < size; i++) out[at + i] = data[i] ^ key[i & 3];
  return at + size;
}

static void end_connection(int number) {
  Connection *c = &connections[number];
  if (c->state == DEAD || c->state == UNUSED) return;
  if (c->state == OPEN) alive--, dead++;
  else failed++, try_again(number);
  c->state = DEAD;
  close(c->fd);
  free(c->rest);
  c->rest = NULL;
  c->size = c->capacity = 0;
}

static void send_frame(int number, int opcode, const u8 *data, size_t size) {
  static u8 out[1 << 18];
  size_t length = masked_frame(out, opcode, data, size);
  if (send(connections[number].fd, out, length, MSG_NOSIGNAL) != (ssize_t)length) end_connection(number);
}

static void now_open(int number) {
  connections[number].state = OPEN;
  opened++, alive++;
}

static void greet(int number) {
  Connection *c = &connections[number];
  c->state = *ready ? GREETING : OPEN;
  if (returning) {
    char text[1024];
    int size = snprintf(text, sizeof text, resume, position);
    send_frame(number, 1, (u8 *)text, size);
  } else if (hellos.count) {
    Bytes hello = hellos.all[number % hellos.count];
    send_frame(number, hello_opcode, hello.data, hello.size);
  }
  if (c->state == OPEN) now_open(number);
}

static void note_position(const u8 *data, size_t size) {
  static const char key[] = "\"position\":\"";
  const u8 *found = memmem(data, size < 200 ? size : 200, key, sizeof key - 1);
  if (!found) return;
  found += sizeof key - 1;
  size_t length = strcspn((const char *)found, "\"");
  if (length < sizeof position) memcpy(position, found, length), position[length] = 0;
}

static void came_back(Connection *c) {
  if (returning && c->resumed && c->received == (u32)missed) back++;
}

static void on_message(int number, const u8 *data, size_t size, u64 now) {
  Connection *c = &connections[number];
  const u8 *at = data, *end = data + size;
  size_t marker_size = strlen(marker);
  frames++;
  if (c->state == GREETING && memmem(data, size, ready, strlen(ready))) {
    now_open(number);
    c->resumed = 1;
    came_back(c);
    if (!memmem(data, size < 400 ? size : 400, marker, marker_size)) return;
  }
  while (at < end && (at = memmem(at, end - at, marker, marker_size))) {
    at += marker_size;
    u64 value = 0;
    while (at < end && *at == ' ') at++;
    while (at < end && *at >= '0' && *at <= '9') value = value * 10 + (*at++ - '0');
    if (!value) continue;
    messages++, c->received++;
    if (now >= value) note_latency(now - value);
    if (!first_at) first_at = now;
    last_at = now;
    came_back(c);
    at += stride;
  }
  if (number == 0 && !returning) note_position(data, size);
}

static size_t parse(int number, u8 *data, size_t size, u64 now) {
  size_t at = 0;
  while (size - at >= 2) {
    u8 *f = data + at;
    u64 length = f[1] & 127;
    size_t head = 2;
    if (length == 126) {
      if (size - at < 4) break;
      length = f[2] << 8 | f[3];
      head = 4;
    } else if (length == 127) {
      if (size - at < 10) break;
      length = 0;
      for (int i = 0; i < 8; i++) length = length << 8 | f[2 + i];
      head = 10;
    }
    if (size - at < head + length) break;
    int opcode = f[0] & 15;
    if (opcode <= 2) on_message(number, f + head, length, now);
    else if (opcode == 9) send_frame(number, 10, f + head, length);
    else if (opcode == 8) end_connection(number);
    if (connections[number].state == DEAD) return size;
    at += head + length;
  }
  return at;
}

static void keep_rest(Connection *c, u8 *data, size_t size) {
  if (size > c->capacity && data != c->rest) {
    c->capacity = 2 * size;
    c->rest = realloc(c->rest, c->capacity);
  }
  if (size) memmove(c->rest, data, size);
  else if (c->capacity > 4096) free(c->rest), c->rest = NULL, c->capacity = 0;
  c->size = size;
}

static void on_data(int number, u8 *data, size_t size, u64 now) {
  Connection *c = &connections[number];
  if (c->size) {
    if (c->size + size > c->capacity) {
      c->capacity = 2 * (c->size + size);
      c->rest = realloc(c->rest, c->capacity);
    }
    memcpy(c->rest + c->size, data, size);
    data = c->rest;
    size += c->size;
  }
  size_t used = 0;
  if (c->state == UPGRADING) {
    u8 *end = memmem(data, size, "\r\n\r\n", 4);
    if (end) {
      if (memcmp(data, "HTTP/1.1 101", 12)) {
        if (!failed) fprintf(stderr, "refused: %.*s\n", (int)(size < 300 ? size : 300), data);
        end_connection(number);
        return;
      }
      used = end + 4 - data;
      greet(number);
    }
  }
  if (c->state == GREETING || c->state == OPEN) used += parse(number, data + used, size - used, now);
  if (c->state != DEAD) keep_rest(c, data + used, size - used);
}

static void start_connection(int number) {
  Connection *c = &connections[number];
  int one = 1;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) die("socket: %s", strerror(errno));
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (wanted > per_source) {  // one address has at most 28,000 ports here
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + number / per_source)};
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    bind(c->fd, (void *)&from, sizeof from);
  }
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(c->fd, (void *)&to, sizeof to) < 0 && errno != EINPROGRESS) die("connect: %s", strerror(errno));
  c->state = CONNECTING;
  c->received = c->resumed = 0;
  struct epoll_event event = {.events = EPOLLOUT, .data.u32 = number};
  epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
  started++;
}

static const char *headers_of(int number) {  // in a line of the file a tab separates two
  static char text[4096];
  size_t size = 0;
  for (const char *at = (char *)header_lines.all[number % header_lines.count].data; *at && size < sizeof text - 3; at++) {
    if (*at == '\t') text[size++] = '\r', text[size++] = '\n';
    else text[size++] = *at;
  }
  text[size] = 0;
  return text;
}

static void on_connected(int number) {
  Connection *c = &connections[number];
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) {
    if (failed < 3) fprintf(stderr, "connection %d: %s\n", number, strerror(error));
    end_connection(number);
    return;
  }
  static char request[16384];
  const char *own = header_lines.count ? headers_of(number) : "";
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s%s%s\r\n",
                        path, port, headers, own, *own ? "\r\n" : "");
  if (send(c->fd, request, length, MSG_NOSIGNAL) != length) {
    end_connection(number);
    return;
  }
  c->state = UPGRADING;
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
  epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
}

// --- the publisher ------------------------------------------------------------------------------------------------

#define PUBLISHER 0x80000000u
#define COMMANDS 0x80000001u
static int publisher = -1;
static u8 outgoing[8 << 20];
static size_t outgoing_size, outgoing_at;
static u64 answers, answer_us, slowest_answer_us, asked_at, refused;
static int command_waits;

static int is(const char *kind) { return !strcmp(publish_kind, kind); }

static size_t mqtt_text(u8 *out, const char *text, size_t size) {
  out[0] = size >> 8;
  out[1] = size & 255;
  memcpy(out + 2, text, size);
  return size + 2;
}

static void flush_publisher(void) {
  while (outgoing_at < outgoing_size) {
    ssize_t sent = send(publisher, outgoing + outgoing_at, outgoing_size - outgoing_at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EAGAIN) return;
      die("publisher: %s", strerror(errno));
    }
    outgoing_at += sent;
  }
  outgoing_size = outgoing_at = 0;
}

static void publish(void) {
  static char text[1 << 17];
  Bytes template = templates.all[published % templates.count];
  const char *place = strstr((char *)template.data, "%T");
  size_t before = place ? (size_t)(place - (char *)template.data) : template.size;
  size_t size = before;
  u64 now = now_us();
  memcpy(text, template.data, before);
  if (place) {
    size += sprintf(text + size, "%llu", (unsigned long long)now);
    memcpy(text + size, place + 2, template.size - before - 2);
    size += template.size - before - 2;
  }
  if (outgoing_size + size + 1024 > sizeof outgoing) die("the server takes no more from the publisher");
  u8 *out = outgoing + outgoing_size;
  size_t length = 0;
  if (is("ws")) {
    length = masked_frame(out, 1, (u8 *)text, size);
  } else if (is("http")) {
    length = sprintf((char *)out, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n%s%sContent-Length: %zu\r\n\r\n",
                     publish_path, publish_port, publisher_header, *publisher_header ? "\r\n" : "", size);
    memcpy(out + length, text, size);
    length += size;
    asked_at = now;
  } else if (is("nats")) {
    length = sprintf((char *)out, "PUB %s %zu\r\n", topic, size);
    memcpy(out + length, text, size);
    length += size;
    out[length++] = '\r';
    out[length++] = '\n';
  } else if (is("mqtt")) {
    size_t rest = strlen(topic) + 2 + size;
    out[length++] = 0x30;
    do {
      out[length++] = (rest & 127) | (rest > 127 ? 128 : 0);
      rest >>= 7;
    } while (rest);
    length += mqtt_text(out + length, topic, strlen(topic));
    memcpy(out + length, text, size);
    length += size;
  } else if (is("line")) {
    memcpy(out, text, size);
    out[size] = '\n';
    length = size + 1;
  } else {
    die("cannot publish by %s", publish_kind);
  }
  outgoing_size += length;
  published++;
  flush_publisher();
}

static void open_publisher(void) {
  if (is("none") || publisher >= 0) return;
  int one = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(publish_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  publisher = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(publisher, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(publisher, (void *)&to, sizeof to)) die("publisher at port %d: %s", publish_port, strerror(errno));
  u8 out[4096];
  size_t size = 0;
  if (is("ws")) {
    size = sprintf((char *)out,
                   "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                   publish_path);
    if (write(publisher, out, size) < 0 || read(publisher, buffer, sizeof buffer) < 12 || memcmp(buffer, "HTTP/1.1 101", 12))
      die("the publisher was refused");
    size = *publisher_hello ? masked_frame(out, 1, (const u8 *)publisher_hello, strlen(publisher_hello)) : 0;
  } else if (is("nats")) {
    size = sprintf((char *)out, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n");
  } else if (is("mqtt")) {
    u8 *rest = out + 2;
    rest += mqtt_text(rest, "MQTT", 4);
    *rest++ = 4;  // the version 3.1.1
    *rest++ = 2;  // a clean session
    *rest++ = 0, *rest++ = 0;
    rest += mqtt_text(rest, "publisher", 9);
    out[0] = 0x10;
    out[1] = rest - out - 2;
    size = rest - out;
  }
  if (size && write(publisher, out, size) < 0) die("publisher: %s", strerror(errno));
  usleep(200000);  // its greeting is taken before the first event
  fcntl(publisher, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = PUBLISHER};
  epoll_ctl(poller, EPOLL_CTL_ADD, publisher, &event);
}

static void on_publisher(void) {
  ssize_t size = recv(publisher, buffer, sizeof buffer, 0);
  if (size == 0) die("the server closed the publisher's connection");
  if (size < 0) return;
  if (is("http")) {
    for (u8 *at = buffer; (at = memmem(at, buffer + size - at, "HTTP/1.1 ", 9)); at += 9) {
      u64 took = now_us() - asked_at;
      answers++, answer_us += took;
      if (took > slowest_answer_us) slowest_answer_us = took;
      if (at[9] != '2' && refused++ < 3) fprintf(stderr, "publisher: %.*s\n", (int)(size < 600 ? size : 600), at);
    }
  } else if (is("nats") && memmem(buffer, size, "PING\r\n", 6)) {
    if (write(publisher, "PONG\r\n", 6) < 0) die("publisher: %s", strerror(errno));
  }
}

// --- the loop -----------------------------------------------------------------------------------------------------

static void pump(int wait_ms) {
  static struct epoll_event events[4096];
  int count = epoll_wait(poller, events, 4096, wait_ms);
  for (int i = 0; i < count; i++) {
    u32 number = events[i].data.u32;
    if (number == PUBLISHER) {
      on_publisher();
    } else if (number == COMMANDS) {
      command_waits = 1;
    } else if (connections[number].state == CONNECTING) {
      on_connected(number);
    } else if (connections[number].state != DEAD) {
      ssize_t size = recv(connections[number].fd, buffer, sizeof buffer, 0);
      if (size > 0) {
        bytes_in += size;
        on_data(number, buffer, size, now_us());
      } else if (size == 0 || errno != EAGAIN) {
        end_connection(number);
      }
    }
  }
  if (outgoing_size) flush_publisher();
}

static void pump_for(double seconds) {
  u64 end = now_us() + (u64)(seconds * 1e6), now;
  while ((now = now_us()) < end) pump(end - now > 20000 ? 20 : 1);
}

static void connect_all(double seconds) {
  u64 until = now_us() + (u64)(seconds * 1e6);
  started = opened = failed = again_first = again_end = 0;
  int first = 0;
  while (opened < wanted && now_us() < until) {
    while (first < wanted && started - opened - failed < at_once) {
      if (last_alone && first == wanted - 1 && opened < wanted - 1) break;
      start_connection(first++);
    }
    while (again_first < again_end && again[again_first].due <= now_us() && started - opened - failed < at_once)
      start_connection(again[again_first++].number);
    pump(20);
    if (!opened && failed > 10 * wanted) break;
  }
}

static double own_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void do_open(void) {
  u64 start = now_us();
  connect_all(120);
  double seconds = (now_us() - start) / 1e6;
  pump_for(0.3);
  open_publisher();
  printf("{\"open\":%d,\"failed\":%d,\"seconds\":%.3f,\"per_second\":%.0f}\n", alive, failed, seconds, opened / seconds);
}

static void forget_counts(void) {
  messages = frames = bytes_in = first_at = last_at = 0;
  answers = answer_us = slowest_answer_us = slowest = refused = 0;
  memset(buckets, 0, sizeof buckets);
  for (int i = 0; i < wanted; i++) connections[i].received = 0;
}

static void tell(u64 sent, u64 due, u64 start, double own, int alive_before, u64 stalls) {
  double wall = (now_us() - start) / 1e6, span = last_at > start ? (last_at - start) / 1e6 : 0;
  u32 least = ~0u, most = 0;
  for (int i = 0; i < wanted; i++) {
    if (connections[i].state != OPEN) continue;
    if (connections[i].received < least) least = connections[i].received;
    if (connections[i].received > most) most = connections[i].received;
  }
  printf("{\"published\":%llu,\"delivered\":%llu,\"lost\":%lld,\"per_second\":%.0f,\"p50_ms\":%.3f,\"p90_ms\":%.3f,"
         "\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f,\"least\":%u,\"most\":%u,\"died\":%d,\"frames\":%llu,\"bytes\":%llu,"
         "\"stalls\":%llu,\"own_cpu\":%.3f,\"wall\":%.3f,\"answer_ms\":%.3f,\"slowest_answer_ms\":%.3f,\"refused\":%llu}\n",
         (unsigned long long)sent, (unsigned long long)messages, (long long)due - (long long)messages,
         span ? messages / span : 0, percentile_ms(.5), percentile_ms(.9), percentile_ms(.99), percentile_ms(.999),
         slowest / 1000.0, least, most, alive_before - alive, (unsigned long long)frames, (unsigned long long)bytes_in,
         (unsigned long long)stalls, (own_seconds() - own) / wall, wall, answers ? answer_us / 1000.0 / answers : 0,
         slowest_answer_us / 1000.0, (unsigned long long)refused);
}

static void do_phase(int closed, double amount, double seconds, int each) {
  forget_counts();
  u64 receivers = each ? each : alive, before = published, forgiven = 0, stalls = 0, seen = 0;
  int alive_before = alive;
  double own = own_seconds();
  u64 start = now_us(), end = start + (u64)(seconds * 1e6), progress = start, next = start, now;
  while ((now = now_us()) < end) {
    if (messages != seen) seen = messages, progress = now;
    u64 mine = published - before;
    int free_to_send = outgoing_size < (4 << 20) && (!is("http") || answers >= mine);
    if (closed) {
      while (free_to_send && (mine < amount || messages + forgiven >= (mine - (u64)amount + 1) * receivers)) {
        publish();
        mine++;
        free_to_send = !is("http") && outgoing_size < (4 << 20);
      }
      if (now - progress > (u64)stall_ms * 1000 && mine * receivers > messages + forgiven) {
        forgiven = mine * receivers - messages;  // lost, or far too slow: go on without
        stalls++, progress = now;
      }
      pump(0);  // awake all the time: waking us would cost the slower servers more than the faster ones
    } else {
      while (now >= next && free_to_send) {
        publish();
        next += (u64)(1e6 / amount);
        free_to_send = !is("http");
      }
      pump(0);
    }
  }
  u64 due = (published - before) * receivers, drain = now_us() + 10000000;
  progress = now_us(), seen = messages;
  while (messages < due && (now = now_us()) < drain && now - progress < (u64)stall_ms * 1000) {
    pump(5);
    if (messages != seen) seen = messages, progress = now_us();
  }
  tell(published - before, due, start, own, alive_before, stalls);
  pump_for(0.2);
}

static u64 burst_due;  // what a burst must have left in the sockets; until `drain` nothing is read

static void do_burst(int events) {
  forget_counts();
  int last = wanted - 1;
  Connection *witness = &connections[last];
  u64 start = now_us(), until = start + 60000000;
  for (int number = 0; number < events && now_us() < until;) {
    if (witness->state != OPEN) die("the last connection is not open");
    publish();
    number++;
    while (witness->received < (u32)number && now_us() < until) {
      struct pollfd both[2] = {{witness->fd, POLLIN, 0}, {publisher, POLLIN, 0}};
      if (outgoing_size) both[1].events |= POLLOUT;
      if (poll(both, 2, 1000) < 0) continue;
      if (outgoing_size) flush_publisher();
      if (both[1].revents & POLLIN) on_publisher();
      if (!(both[0].revents & (POLLIN | POLLHUP | POLLERR))) continue;
      ssize_t size = recv(witness->fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (size > 0) on_data(last, buffer, size, now_us());
      else if (size == 0 || errno != EAGAIN) end_connection(last);
      if (witness->state != OPEN) break;
    }
  }
  burst_due = (u64)events * alive;
  printf("{\"published\":%d,\"connections\":%d,\"from_us\":%llu,\"until_us\":%llu}\n", events, alive,
         (unsigned long long)start, (unsigned long long)now_us());
}

static void do_drain(void) {
  u64 start = now_us(), until = start + 20000000;
  double own = own_seconds();
  int alive_before = alive;
  while (messages < burst_due && now_us() < until) pump(5);
  tell(0, burst_due, start, own, alive_before, 0);
  burst_due = 0;
}

static void do_thrown(int events) {
  u64 start = now_us();
  struct linger at_once_gone = {1, 0};  // a reset, as when a router dies
  for (int i = 0; i < wanted; i++) {
    if (connections[i].state == OPEN) setsockopt(connections[i].fd, SOL_SOCKET, SO_LINGER, &at_once_gone, sizeof at_once_gone);
    end_connection(i);
  }
  forget_counts();
  returning = 1, missed = events, back = 0, ready = "\"type\":\"resumed\"";
  for (int i = 0; i < events; i++) publish();
  connect_all(60);
  u64 until = now_us() + 30000000;
  while (back < wanted && now_us() < until) pump(5);
  double seconds = (now_us() - start) / 1e6;
  pump_for(0.3);  // whatever comes twice would come now
  int equal = 0;
  for (int i = 0; i < wanted; i++) equal += connections[i].state == OPEN && connections[i].received == (u32)events;
  printf("{\"thrown\":%d,\"back\":%d,\"equal\":%d,\"failed\":%d,\"seconds\":%.3f,\"missed_each\":%d}\n", wanted, back,
         equal, failed, seconds, events);
  returning = 0;
}

static int command(char *line) {
  double a = 0, b = 0;
  int each = 0;
  if (!strncmp(line, "open", 4)) do_open();
  else if (sscanf(line, "closed %lf %lf %d", &a, &b, &each) >= 2) do_phase(1, a, b, each);
  else if (sscanf(line, "rate %lf %lf %d", &a, &b, &each) >= 2) do_phase(0, a, b, each);
  else if (sscanf(line, "burst %lf", &a) == 1) do_burst((int)a);
  else if (!strncmp(line, "drain", 5)) do_drain();
  else if (sscanf(line, "thrown %lf", &a) == 1) do_thrown((int)a);
  else if (sscanf(line, "listen %lf", &a) == 1) {
    int alive_before = alive;
    u64 start = now_us();
    double own = own_seconds();
    forget_counts();
    pump_for(a);
    tell(0, messages, start, own, alive_before, 0);
  } else if (!strncmp(line, "quit", 4)) return 0;
  else die("unknown command: %s", line);
  fflush(stdout);
  return 1;
}

int main(int count, char **arguments) {
  for (int i = 1; i + 1 < count; i += 2) {
    const char *name = arguments[i];
    char *value = arguments[i + 1];
    if (!strcmp(name, "--port")) port = atoi(value);
    else if (!strcmp(name, "--path")) path = value;
    else if (!strcmp(name, "--connections")) wanted = atoi(value);
    else if (!strcmp(name, "--at-once")) at_once = atoi(value);
    else if (!strcmp(name, "--last-alone")) last_alone = atoi(value);
    else if (!strcmp(name, "--per-source")) per_source = atoi(value);
    else if (!strcmp(name, "--stall-ms")) stall_ms = atoi(value);
    else if (!strcmp(name, "--marker")) marker = value;
    else if (!strcmp(name, "--stride")) stride = atoi(value);
    else if (!strcmp(name, "--ready")) ready = value;
    else if (!strcmp(name, "--resume")) resume = value;
    else if (!strcmp(name, "--header")) strcat(strcat(headers, value), "\r\n");
    else if (!strcmp(name, "--header-lines")) header_lines = read_lines(value);
    else if (!strcmp(name, "--hello")) hellos = one_line((u8 *)value, strlen(value));
    else if (!strcmp(name, "--hello-hex")) hellos = from_hex(value), hello_opcode = 2;
    else if (!strcmp(name, "--hello-lines")) hellos = read_lines(value);
    else if (!strcmp(name, "--publish")) publish_kind = value;
    else if (!strcmp(name, "--publish-port")) publish_port = atoi(value);
    else if (!strcmp(name, "--publish-path")) publish_path = value;
    else if (!strcmp(name, "--publisher-hello")) publisher_hello = value;
    else if (!strcmp(name, "--publisher-header")) publisher_header = value;
    else if (!strcmp(name, "--topic")) topic = value;
    else if (!strcmp(name, "--events")) templates = read_lines(value);
    else die("unknown option %s", name);
  }
  if (!port || !wanted) die("--port and --connections are needed");
  poller = epoll_create1(0);
  connections = calloc(wanted, sizeof *connections);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = COMMANDS};
  epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event);
  char line[256];
  for (;;) {
    command_waits = 0;
    while (!command_waits && !burst_due) pump(100);  // heartbeats and pings are answered between commands too
    if (!fgets(line, sizeof line, stdin) || !command(line)) return 0;
  }
}
