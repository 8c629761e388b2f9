// climit: what the machine can do. The smallest WebSocket broadcaster: one ready frame, one send() per subscriber.
//
//   climit PORT [TOGETHER [WAIT_MS]]
//
// TOGETHER > 1 holds events until so many have gathered or WAIT_MS have passed, then sends all in one send().
// Whoever asks for /pub/… publishes: each text frame of theirs goes to everybody else. Nothing of RFC 6455 is checked.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  int fd, upgraded, publishes, slot;
  uint8_t *in, *out;  // an incomplete frame of a publisher; what a full socket did not take
  size_t in_size, out_size, out_capacity;
} Client;

static Client *clients[70000];
static Client *subscribers[70000];
static int subscriber_count, poller;
static uint8_t gathered[1 << 20], buffer[1 << 16];
static size_t gathered_size;
static int gathered_count, together = 1, wait_ms = 0;

static void watch(Client *client, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = client->fd};
  epoll_ctl(poller, operation, client->fd, &event);
}

static void end(Client *client) {
  if (client->upgraded && !client->publishes) {
    subscribers[client->slot] = subscribers[--subscriber_count];
    subscribers[client->slot]->slot = client->slot;
  }
  close(client->fd);
  clients[client->fd] = NULL;
  free(client->in);
  free(client->out);
  free(client);
}

static void keep(Client *client, const uint8_t *data, size_t size) {
  if (client->out_size + size > client->out_capacity) {
    client->out_capacity = 2 * (client->out_size + size);
    client->out = realloc(client->out, client->out_capacity);
  }
  memcpy(client->out + client->out_size, data, size);
  if (!client->out_size) watch(client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  client->out_size += size;
}

static void broadcast(void) {
  for (int i = 0; i < subscriber_count; i++) {
    Client *client = subscribers[i];
    ssize_t sent = 0;
    if (!client->out_size) {
      sent = send(client->fd, gathered, gathered_size, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN) continue;
      if (sent < 0) sent = 0;
    }
    if ((size_t)sent < gathered_size) keep(client, gathered + sent, gathered_size - sent);
  }
  gathered_size = gathered_count = 0;
}

static void gather(const uint8_t *data, size_t size) {
  uint8_t *out = gathered + gathered_size;
  size_t head = 2;
  out[0] = 0x81;
  if (size < 126) {
    out[1] = size;
  } else {
    out[1] = 126, out[2] = size >> 8, out[3] = size & 255;
    head = 4;
  }
  memcpy(out + head, data, size);
  gathered_size += head + size;
  if (++gathered_count >= together || gathered_size > sizeof gathered - 70000) broadcast();
}

static void upgrade(Client *client, ssize_t size) {
  static const char answer[] =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
  client->upgraded = 1;
  client->publishes = !!memmem(buffer, size, "GET /pub", 8);
  if (send(client->fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0) return;
  if (!client->publishes) {
    client->slot = subscriber_count;
    subscribers[subscriber_count++] = client;
  }
}

static void take_events(Client *client, ssize_t size) {
  client->in = realloc(client->in, client->in_size + size);
  memcpy(client->in + client->in_size, buffer, size);
  client->in_size += size;
  size_t at = 0;
  while (client->in_size - at >= 6) {
    uint8_t *frame = client->in + at;
    size_t length = frame[1] & 127, head = 2;
    if (length == 126) length = frame[2] << 8 | frame[3], head = 4;
    if (client->in_size - at < head + 4 + length) break;
    uint8_t *key = frame + head, *data = key + 4;
    for (size_t i = 0; i < length; i++) data[i] ^= key[i & 3];
    if ((frame[0] & 15) == 1) gather(data, length);
    at += head + 4 + length;
  }
  memmove(client->in, client->in + at, client->in_size - at);
  client->in_size -= at;
}

static void accept_all(int listener) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    clients[fd] = calloc(1, sizeof(Client));
    clients[fd]->fd = fd;
    watch(clients[fd], EPOLL_CTL_ADD, EPOLLIN);
  }
}

static void serve(Client *client, uint32_t events) {
  if (events & EPOLLOUT && client->out_size) {
    ssize_t sent = send(client->fd, client->out, client->out_size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      memmove(client->out, client->out + sent, client->out_size - sent);
      client->out_size -= sent;
      if (!client->out_size) watch(client, EPOLL_CTL_MOD, EPOLLIN);
    }
  }
  if (!(events & EPOLLIN)) return;
  ssize_t size = recv(client->fd, buffer, sizeof buffer, 0);
  if (size == 0 || (size < 0 && errno != EAGAIN)) end(client);
  else if (size > 0 && !client->upgraded) upgrade(client, size);
  else if (size > 0 && client->publishes) take_events(client, size);
}

int main(int count, char **arguments) {
  if (count < 2) return fprintf(stderr, "climit PORT [TOGETHER [WAIT_MS]]\n"), 2;
  if (count > 2) together = atoi(arguments[2]);
  if (count > 3) wait_ms = atoi(arguments[3]);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  struct sockaddr_in at = {
      .sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (void *)&at, sizeof at) || listen(listener, 4096)) return perror("climit"), 1;
  poller = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[1024];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(poller, events, 1024, gathered_count ? wait_ms : -1);
    if (ready == 0) broadcast();
    for (int i = 0; i < ready; i++) {
      if (events[i].data.fd == listener) accept_all(listener);
      else if (clients[events[i].data.fd]) serve(clients[events[i].data.fd], events[i].events);
    }
  }
}
