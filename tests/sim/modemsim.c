/*
 * modemsim: the rim of the simulator: pseudo-terminals, TCP, the control
 * socket, the log of the truth. The truth of a reply is in the file before
 * its first byte leaves, so that a test may kill the other side any time.
 * Must never decide anything about modems or money.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/sysfs.h"
#include "tests/sim/wire.h"
#include "tests/sim/world.h"

enum {
	CLIENTS = 8,
	ORDER_MAX = 65536,
	CHUNK = 4096,
	SEND_SECONDS = 2,
	EXIT_USAGE = 2
};

static const char socket_name[] = "control.sock";
static const char truth_name[] = "truth.jsonl";

struct client {
	int fd;
	size_t len;
	char text[ORDER_MAX];
};

struct modem_wires {
	struct wire wires[DEVICE_PORTS_MAX];
	int watches[DEVICE_PORTS_MAX]; /* inotify's; -1 */
	int count;
	struct sysfs_modem usb;
};

struct sim {
	struct world world;
	struct modem_wires *modems; /* one a modem */
	int inotify;
	int control;
	int truth;
	struct timespec began;
	struct client clients[CLIENTS];
	bool more; /* output is due that was not written in this round */
};

static volatile sig_atomic_t stopped;

static void
on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static int64_t
now_ms(const struct sim *sim)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)(now.tv_sec - sim->began.tv_sec) * 1000 +
	       (now.tv_nsec - sim->began.tv_nsec) / 1000000;
}

static void
write_truth(void *ctx, const struct sim_event *event)
{
	static char line[65536];
	struct sim *sim = ctx;
	long len = sim_event_json(event, line, sizeof line);
	if (len < 0 || write(sim->truth, line, (size_t)len) != len) {
		perror(truth_name);
		abort();
	}
}

static void
give_up(const char *what, int error)
{
	fprintf(stderr, "modemsim: %s: %s\n", what, strerror(-error));
	exit(EXIT_FAILURE);
}

static void
plug_usb(struct sim *sim, size_t i)
{
	struct world_modem *modem = &sim->world.modems[i];
	struct modem_wires *ours = &sim->modems[i];
	for (int p = 0; p < ours->count; p++)
		wire_device(&ours->wires[p], ours->usb.ttys[p].device,
			sizeof ours->usb.ttys[p].device);
	int error = sysfs_plug(&ours->usb, modem->renumber);
	if (error != 0)
		give_up(ours->usb.usb, error);
	modem->renumber = false;
}

static void
plug(struct sim *sim, size_t i)
{
	struct modem_wires *ours = &sim->modems[i];
	char device[64];
	for (int p = 0; p < ours->count; p++) {
		int error = wire_plug(&ours->wires[p]);
		if (error != 0)
			give_up(ours->wires[p].path, error);
		wire_device(&ours->wires[p], device, sizeof device);
		if (device[0] != '\0')
			ours->watches[p] = inotify_add_watch(
				sim->inotify, device, IN_CLOSE);
	}
	if (sim->world.modems[i].conf.sysfs)
		plug_usb(sim, i);
}

static void
unplug(struct sim *sim, size_t i)
{
	struct modem_wires *ours = &sim->modems[i];
	if (sim->world.modems[i].conf.sysfs)
		sysfs_unplug(&ours->usb);
	for (int p = 0; p < ours->count; p++) {
		if (ours->watches[p] >= 0)
			(void)inotify_rm_watch(sim->inotify, ours->watches[p]);
		ours->watches[p] = -1;
		wire_unplug(&ours->wires[p]);
	}
}

/* Follows what the device says of its ports. */
static void
follow_ports(struct sim *sim, size_t i)
{
	bool there = device_is_there(sim->world.modems[i].device);
	bool plugged = wire_fd(&sim->modems[i].wires[0]) >= 0;
	if (there && !plugged)
		plug(sim, i);
	else if (!there && plugged)
		unplug(sim, i);
}

/* Writes what is due; with a cut, one piece a round, so that the other side
 * has a chance to read it alone. */
static void
write_due(struct sim *sim, size_t i, int port)
{
	struct device *device = sim->world.modems[i].device;
	char bytes[CHUNK];
	struct device_span out = {bytes, sizeof bytes};
	size_t n;
	do {
		n = device_take_port(device, port, now_ms(sim), out);
		follow_ports(sim, i);
		wire_write(&sim->modems[i].wires[port], bytes, n);
	} while (n > 0 && device_options(device)->cut == 0);
	sim->more |= n > 0;
}

static void
read_wire(struct sim *sim, size_t i, int port)
{
	struct device *device = sim->world.modems[i].device;
	struct wire *wire = &sim->modems[i].wires[port];
	char bytes[CHUNK];
	bool connected = wire->fd >= 0;
	size_t n = wire_read(wire, bytes, sizeof bytes);
	device_feed_port(
		device, port, now_ms(sim), (struct device_bytes){bytes, n});
	if (connected && wire->fd < 0)
		device_closed(device, now_ms(sim));
}

/* A host that closes a pty leaves its exclusive use behind. */
static void
host_closed(struct sim *sim, int watch)
{
	for (size_t i = 0; i < sim->world.count; i++)
		for (int p = 0; p < sim->modems[i].count; p++) {
			if (sim->modems[i].watches[p] != watch)
				continue;
			wire_host_closed(&sim->modems[i].wires[p]);
			device_closed(sim->world.modems[i].device, now_ms(sim));
		}
}

static void
read_inotify(struct sim *sim)
{
	char buffer[CHUNK]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t len = read(sim->inotify, buffer, sizeof buffer);
	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *event =
			(const struct inotify_event *)(buffer + at);
		host_closed(sim, event->wd);
		at += (ssize_t)(sizeof *event + event->len);
	}
}

static void
drop_client(struct client *client)
{
	(void)close(client->fd);
	client->fd = -1;
	client->len = 0;
}

static bool
send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
answer_order(struct sim *sim, int fd, const char *line)
{
	char *answer = world_order(&sim->world, now_ms(sim), line);
	bool sent =
		send_all(fd, answer, strlen(answer)) && send_all(fd, "\n", 1);
	free(answer);
	return sent;
}

static void
read_client(struct sim *sim, struct client *client)
{
	ssize_t n = recv(client->fd, client->text + client->len,
		sizeof client->text - client->len - 1, 0);
	if (n <= 0) {
		drop_client(client);
		return;
	}
	client->len += (size_t)n;
	char *end;
	while ((end = memchr(client->text, '\n', client->len)) != NULL) {
		*end = '\0';
		if (!answer_order(sim, client->fd, client->text)) {
			drop_client(client);
			return;
		}
		client->len -= (size_t)(end + 1 - client->text);
		memmove(client->text, end + 1, client->len);
	}
	if (client->len == sizeof client->text - 1)
		drop_client(client);
}

static void
take_client(struct sim *sim)
{
	struct timeval patience = {.tv_sec = SEND_SECONDS};
	struct sockaddr_un peer;
	socklen_t len = sizeof peer;
	int fd = accept4(
		sim->control, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
	for (size_t i = 0; fd >= 0 && i < CLIENTS; i++) {
		if (sim->clients[i].fd >= 0)
			continue;
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
			sizeof patience);
		sim->clients[i].fd = fd;
		return;
	}
	if (fd >= 0)
		(void)close(fd);
}

/* How long to sleep, from what the devices say. */
static int
patience_ms(const struct sim *sim)
{
	int64_t at = INT64_MAX;
	for (size_t i = 0; i < sim->world.count; i++) {
		int64_t wake = device_wake_at(sim->world.modems[i].device);
		at = wake < at ? wake : at;
	}
	if (sim->more)
		return 0;
	if (at == INT64_MAX)
		return -1;
	int64_t left = at - now_ms(sim);
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* How many descriptors are polled before the wires of a modem. */
static size_t
wires_before(const struct sim *sim, size_t i)
{
	size_t n = 0;
	while (i-- > 0)
		n += (size_t)sim->modems[i].count;
	return n;
}

static void
poll_wires(const struct sim *sim, struct pollfd *polled)
{
	for (size_t i = 0; i < sim->world.count; i++)
		for (int p = 0; p < sim->modems[i].count; p++)
			*polled++ = (struct pollfd){
				wire_fd(&sim->modems[i].wires[p]), POLLIN, 0};
}

static void
serve_wires(struct sim *sim, const struct pollfd *polled)
{
	for (size_t i = 0; i < sim->world.count; i++)
		for (int p = 0; p < sim->modems[i].count; p++, polled++)
			if (polled->revents != 0)
				read_wire(sim, i, p);
	sim->more = false;
	for (size_t i = 0; i < sim->world.count; i++)
		for (int p = 0; p < sim->modems[i].count; p++)
			write_due(sim, i, p);
}

static void
run_round(struct sim *sim, struct pollfd *polled, const sigset_t *mask)
{
	size_t count = wires_before(sim, sim->world.count);
	poll_wires(sim, polled);
	for (size_t i = 0; i < CLIENTS; i++)
		polled[count + i] =
			(struct pollfd){sim->clients[i].fd, POLLIN, 0};
	polled[count + CLIENTS] = (struct pollfd){sim->control, POLLIN, 0};
	polled[count + CLIENTS + 1] = (struct pollfd){sim->inotify, POLLIN, 0};
	int left = patience_ms(sim);
	struct timespec wait = {left / 1000, left % 1000 * 1000000L};
	if (ppoll(polled, count + CLIENTS + 2, left < 0 ? NULL : &wait, mask) <
		0)
		return;
	if (polled[count + CLIENTS + 1].revents != 0)
		read_inotify(sim);
	if (polled[count + CLIENTS].revents != 0)
		take_client(sim);
	for (size_t i = 0; i < CLIENTS; i++)
		if (polled[count + i].revents != 0)
			read_client(sim, &sim->clients[i]);
	serve_wires(sim, polled);
}

static int
control_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(
		address.sun_path, sizeof address.sun_path, "%s", socket_name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)unlink(socket_name);
	if (fd < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
		listen(fd, CLIENTS) != 0) {
		perror(socket_name);
		exit(EXIT_FAILURE);
	}
	return fd;
}

static void
catch_signals(sigset_t *while_waiting)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t blocked;
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGTERM);
	(void)sigaddset(&blocked, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &blocked, while_waiting);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
}

/* Messages carry the time of day. */
static void
set_wall_clock(struct sim *sim)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	int64_t wall_ms = now.tv_sec * INT64_C(1000) - now_ms(sim);
	for (size_t i = 0; i < sim->world.count; i++)
		device_options(sim->world.modems[i].device)->mail.wall_ms =
			wall_ms;
}

/* Names are the ports' own, or the modem's with a number behind. */
static void
open_modem(struct sim *sim, size_t i)
{
	const struct world_modem *modem = &sim->world.modems[i];
	const struct conf_modem *conf = &modem->conf;
	struct modem_wires *ours = &sim->modems[i];
	ours->count = device_ports(modem->device);
	ours->usb = (struct sysfs_modem){.usb = conf->usb,
		.usb_id = conf->usb_id,
		.prefix = conf->tty,
		.manufacturer = conf->options.manufacturer,
		.product = conf->options.model,
		.tty_count = (size_t)ours->count};
	for (int p = 0; p < ours->count; p++) {
		char name[64];
		(void)snprintf(
			name, sizeof name, "%s.%d", conf->options.name, p);
		ours->watches[p] = -1;
		ours->usb.ttys[p].number = -1;
		ours->usb.ttys[p].usb_interface = conf->ports[p].usb_interface;
		if (wire_init(&ours->wires[p], conf->tcp,
			    conf->options.port_count == 0 ? conf->options.name
			    : conf->ports[p].name[0] != '\0'
				    ? conf->ports[p].name
				    : name) != 0)
			abort(); /* names are short */
	}
	follow_ports(sim, i);
}

static void
open_all(struct sim *sim)
{
	size_t count = sim->world.count;
	sim->modems = calloc(count, sizeof *sim->modems);
	if (sim->modems == NULL)
		abort();
	sim->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (size_t i = 0; i < CLIENTS; i++)
		sim->clients[i].fd = -1;
	set_wall_clock(sim);
	world_start(&sim->world, now_ms(sim));
	for (size_t i = 0; i < count; i++)
		open_modem(sim, i);
	sim->control = control_socket();
}

static void
close_all(struct sim *sim)
{
	for (size_t i = 0; i < sim->world.count; i++) {
		unplug(sim, i);
		for (int p = 0; p < sim->modems[i].count; p++)
			wire_fini(&sim->modems[i].wires[p]);
	}
	for (size_t i = 0; i < CLIENTS; i++)
		if (sim->clients[i].fd >= 0)
			drop_client(&sim->clients[i]);
	(void)unlink(socket_name);
	(void)close(sim->control);
	(void)close(sim->inotify);
	(void)close(sim->truth);
	free(sim->modems);
	world_fini(&sim->world);
}

static int
run(const char *dir, const char *config)
{
	static struct sim sim;
	struct conf conf;
	struct conf_error error = {""};
	sigset_t mask;
	bool good = conf_read(config, &conf, &error) == 0;
	good = good &&
	       world_init(&sim.world, &conf,
		       (struct sim_hook){write_truth, &sim}, &error) == 0;
	conf_free(&conf);
	if (!good) {
		fprintf(stderr, "modemsim: %s: %s\n", config, error.text);
		world_fini(&sim.world);
		return EXIT_USAGE;
	}
	sim.truth = -1;
	if (chdir(dir) == 0)
		sim.truth = open(truth_name,
			O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
			0600);
	if (sim.truth < 0) {
		perror(dir);
		world_fini(&sim.world);
		return EXIT_FAILURE;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &sim.began);
	catch_signals(&mask);
	open_all(&sim);
	struct pollfd *polled =
		calloc(wires_before(&sim, sim.world.count) + CLIENTS + 2,
			sizeof *polled);
	if (polled == NULL)
		abort();
	(void)puts("ready");
	(void)fflush(stdout);
	while (stopped == 0 && !sim.world.quit)
		run_round(&sim, polled, &mask);
	free(polled);
	close_all(&sim);
	return EXIT_SUCCESS;
}

/* Line ends can only stand between the parts of the JSON. */
static bool
send_order(int fd, char *order)
{
	for (char *p = order; *p != '\0'; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	return send_all(fd, order, strlen(order)) && send_all(fd, "\n", 1);
}

static int
tell(const char *dir, char *order)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char bytes[CHUNK];
	char start[32] = "";
	(void)snprintf(
		address.sun_path, sizeof address.sun_path, "%s", socket_name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (chdir(dir) != 0 || fd < 0 ||
		connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
		!send_order(fd, order)) {
		perror("modemsim: control socket");
		return EXIT_FAILURE;
	}
	ssize_t n = 0;
	bool ended = false;
	while (!ended && (n = recv(fd, bytes, sizeof bytes, 0)) > 0) {
		if (start[0] == '\0')
			(void)snprintf(start, sizeof start, "%.*s",
				(int)(n < 31 ? n : 31), bytes);
		(void)fwrite(bytes, 1, (size_t)n, stdout);
		ended = bytes[n - 1] == '\n';
	}
	(void)close(fd);
	return ended && strncmp(start, "{\"ok\":false", 11) != 0 ? EXIT_SUCCESS
	                                                         : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	const char *dir = NULL;
	const char *config = NULL;
	char *order = NULL;
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--dir") == 0)
			dir = argv[i + 1];
		else if (strcmp(argv[i], "--config") == 0)
			config = argv[i + 1];
		else if (strcmp(argv[i], "--tell") == 0)
			order = argv[i + 1];
		else
			argc = 0;
	}
	if (argc % 2 != 1 || dir == NULL ||
		(config == NULL) == (order == NULL)) {
		fprintf(stderr, "usage: modemsim --dir DIR --config FILE\n"
				"       modemsim --dir DIR --tell JSON\n");
		return EXIT_USAGE;
	}
	return order != NULL ? tell(dir, order) : run(dir, config);
}
