/*
 * What a server costs when it is nothing but system calls: one epoll loop, one read and one write a batch.
 *
 * It is no HTTP server: it believes what it reads. It stands in the tables as the limit that the machine sets.
 * Arguments: echo | hello | raw. Prints "ready PORT".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FDS = 65536, BUFFER = 1 << 18 };

struct connection {
  char *bytes;
  size_t length;
};

static struct connection connections[MAX_FDS];
static char output[BUFFER * 2];
static char date[64];
static time_t date_of;

static void refresh_date(void) {
  time_t now = time(NULL);
  struct tm parts;
  if (now == date_of) return;
  date_of = now;
  gmtime_r(&now, &parts);
  strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

static size_t append(size_t at, const char *type, const char *prefix, const char *body, size_t length) {
  size_t before = strlen(prefix);
  int head = sprintf(output + at,
                     "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\nDate: %s\r\n\r\n", type,
                     before + length, date);
  at += (size_t)head;
  memcpy(output + at, prefix, before);
  memcpy(output + at + before, body, length);
  return at + before + length;
}

static void write_all(int fd, size_t length) {
  size_t sent = 0;
  while (sent < length) {
    ssize_t n = send(fd, output + sent, length - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += (size_t)n;
  }
}

/* Answers every whole request in the buffer with one write; keeps the rest. */
static void answer(int fd, struct connection *c, int is_echo) {
  size_t at = 0, from = 0;
  refresh_date();
  for (;;) {
    char *start = c->bytes + from;
    char *end = memmem(start, c->length - from, "\r\n\r\n", 4);
    size_t length = 0, head;
    char *field;
    if (end == NULL) break;
    *end = 0;
    field = strcasestr(start, "\r\ncontent-length:");
    if (field != NULL) length = strtoul(field + 17, NULL, 10);
    *end = '\r';
    head = (size_t)(end + 4 - start);
    if (c->length - from < head + length || at + length + 512 > sizeof output) break;
    at = is_echo ? append(at, "application/x-www-form-urlencoded", "echo: ", end + 4, length)
                 : append(at, "text/plain; charset=utf-8", "Hello, World!", "", 0);
    from += head + length;
  }
  write_all(fd, at);
  memmove(c->bytes, c->bytes + from, c->length - from);
  c->length -= from;
}

int main(int count, char **arguments) {
  const char *app = count > 1 ? arguments[1] : "echo";
  int is_raw = strcmp(app, "raw") == 0, is_echo = strcmp(app, "echo") == 0, one = 1;
  int listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
  bind(listener, (struct sockaddr *)&address, sizeof address);
  listen(listener, 4096);
  getsockname(listener, (struct sockaddr *)&address, &size);
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  printf("ready %d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int ready = epoll_wait(poll, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      struct connection *c = &connections[fd];
      if (fd == listener) {
        int accepted = accept(listener, NULL, NULL);
        if (accepted < 0 || accepted >= MAX_FDS) continue;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (connections[accepted].bytes == NULL) connections[accepted].bytes = malloc(BUFFER + 1);
        connections[accepted].length = 0;
        event.data.fd = accepted;
        epoll_ctl(poll, EPOLL_CTL_ADD, accepted, &event);
        continue;
      }
      ssize_t n = read(fd, c->bytes + c->length, BUFFER - c->length);
      if (n <= 0) {
        close(fd);
        continue;
      }
      c->length += (size_t)n;
      if (is_raw) {
        memcpy(output, c->bytes, c->length);
        write_all(fd, c->length);
        c->length = 0;
      } else {
        answer(fd, c, is_echo);
      }
    }
  }
}
