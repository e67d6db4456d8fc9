#include "supervise.h"

#include "base/clock.h"
#include "http.h"
#include "ports.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS INT64_C(1000)

enum {
    PROBE_EVERY_MS = 50,
    PROBE_TIMEOUT_MS = 1000,
    BACKOFF_MIN_MS = 100,
    BACKOFF_DOUBLINGS_MAX = 6,
    BACKOFF_MAX_MS = 5000,
    GROWN_UP_MS = 10000,     /* a child that lived so long starts with the shortest wait again */
    ORPHANS_GRACE_MS = 2000, /* for requests that workers without a master still answer */
    /* Stopping, counted from the signal; all is over within 5 s. */
    NGINX_TERM_MS = 1500,
    NGINX_KILL_MS = 2500,
    FAREGATED_KILL_MS = 4500,
    LEFTOVER_WAIT_MS = 5000,
};

typedef struct child {
    const char *name;
    char *const *argv;
    pid_t pid;   /* 0: not running */
    pid_t group; /* of it and of all it starts */
    int64_t started_us;
    int64_t due_us;    /* when to start it (again) */
    unsigned failures; /* young deaths in a row */
} child_t;

typedef struct supervisor {
    const fg_supervision_t *plan;
    fg_instance_t instance;
    child_t faregated;
    child_t nginx;
    sigset_t old_mask;
    int signals;
    bool has_gate; /* faregated has answered once */
    bool is_ready;
    bool is_stopping;
    bool has_failed;
    pid_t orphans; /* a process group without its nginx master; 0: none */
    int64_t orphans_due_us;
} supervisor_t;

static int64_t now_us(void)
{
    return fg_now().mono.us;
}

/* In the child, between fork and exec: only what is safe there. */
static void become(supervisor_t *supervisor, char *const *argv, pid_t parent)
{
    static const int reset[] = {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGCHLD};

    setpgid(0, 0);
    umask(umask(0) | 027); /* nginx would make its logs readable for all */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* the supervisor died before the request above */
        _exit(FG_EXIT_FAILURE);
    for (size_t i = 0; i < FG_COUNT_OF(reset); i++)
        signal(reset[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, &supervisor->old_mask, NULL);
    execv(argv[0], argv);
    dprintf(STDERR_FILENO, "faregate: cannot start %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static pid_t spawn(supervisor_t *supervisor, char *const *argv)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0)
        become(supervisor, argv, parent);
    if (pid > 0)
        setpgid(pid, pid); /* also here: whoever comes first */
    return pid;
}

static void note_instance(supervisor_t *supervisor)
{
    supervisor->instance.supervisor = getpid();
    supervisor->instance.faregated = supervisor->faregated.pid;
    supervisor->instance.nginx = supervisor->nginx.group;
    if (!fg_instance_write(supervisor->plan->data_dir, &supervisor->instance))
        fg_say("cannot write %s/run.json: %s", supervisor->plan->data_dir, strerror(errno));
}

static int64_t backoff_us(const child_t *child)
{
    unsigned doublings =
        child->failures < BACKOFF_DOUBLINGS_MAX ? child->failures : BACKOFF_DOUBLINGS_MAX;
    int64_t wait_ms = (int64_t)BACKOFF_MIN_MS << doublings;

    return (wait_ms < BACKOFF_MAX_MS ? wait_ms : BACKOFF_MAX_MS) * MS;
}

static void start(supervisor_t *supervisor, child_t *child)
{
    child->started_us = now_us();
    pid_t pid = spawn(supervisor, child->argv);
    if (pid < 0) {
        fg_say("cannot start %s: %s", child->name, strerror(errno));
        child->due_us = now_us() + backoff_us(child);
        child->failures++;
        return;
    }
    child->pid = pid;
    child->group = pid;
    note_instance(supervisor);
}

static void say_how_it_ended(const child_t *child, int status)
{
    if (WIFSIGNALED(status))
        fg_say("%s (pid %d) was ended by signal %d", child->name, (int)child->pid,
               WTERMSIG(status));
    else
        fg_say("%s (pid %d) ended with code %d", child->name, (int)child->pid, WEXITSTATUS(status));
}

/* A binary upgrade leaves a new master behind, which is ours now: we are the subreaper. */
static bool adopt_new_master(supervisor_t *supervisor)
{
    FILE *file = fopen(supervisor->plan->nginx_pid_path, "re");
    int pid = 0;

    if (!file)
        return false;
    if (fscanf(file, "%d", &pid) != 1)
        pid = 0;
    fclose(file);
    if (pid <= 0 || pid == supervisor->nginx.pid || !fg_process_is(pid, "nginx") ||
        getpgid(pid) != supervisor->nginx.group)
        return false;
    supervisor->nginx.pid = pid;
    fg_say("nginx goes on as pid %d", pid);
    return true;
}

/* Workers without a master still listen; close that at once and let them finish what they answer.
 */
static void quit_orphans(supervisor_t *supervisor)
{
    if (supervisor->orphans)
        kill(-supervisor->orphans, SIGKILL);
    supervisor->orphans = supervisor->nginx.group;
    supervisor->orphans_due_us = now_us() + ORPHANS_GRACE_MS * MS;
    kill(-supervisor->orphans, SIGQUIT);
}

static void kill_orphans_if_due(supervisor_t *supervisor)
{
    if (supervisor->orphans && now_us() >= supervisor->orphans_due_us) {
        kill(-supervisor->orphans, SIGKILL);
        supervisor->orphans = 0;
    }
}

static void on_end(supervisor_t *supervisor, child_t *child, int status)
{
    if (child == &supervisor->nginx && !supervisor->is_stopping && adopt_new_master(supervisor))
        return;
    if (!supervisor->is_stopping)
        say_how_it_ended(child, status);
    if (child == &supervisor->nginx)
        quit_orphans(supervisor);
    child->pid = 0;
    if (supervisor->is_stopping)
        return;
    if (!supervisor->is_ready) {
        supervisor->has_failed = true;
        return;
    }
    if (now_us() - child->started_us > GROWN_UP_MS * MS)
        child->failures = 0;
    child->due_us = now_us() + backoff_us(child);
    child->failures++;
}

static void reap(supervisor_t *supervisor)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == supervisor->faregated.pid)
            on_end(supervisor, &supervisor->faregated, status);
        else if (pid == supervisor->nginx.pid)
            on_end(supervisor, &supervisor->nginx, status);
    }
}

static void on_signal(supervisor_t *supervisor, uint32_t number)
{
    if (number == SIGCHLD)
        reap(supervisor);
    else if (number == SIGHUP && supervisor->nginx.pid)
        kill(supervisor->nginx.pid, SIGHUP);
    else if (number == SIGTERM || number == SIGINT)
        supervisor->is_stopping = true;
}

/* Wait for signals at most `wait_us`, and handle those that came. */
static void wait_signals(supervisor_t *supervisor, int64_t wait_us)
{
    struct pollfd wanted = {.fd = supervisor->signals, .events = POLLIN};
    struct signalfd_siginfo info;
    int timeout_ms = wait_us < 0 ? -1 : (int)((wait_us + MS - 1) / MS);

    if (poll(&wanted, 1, timeout_ms) <= 0)
        return;
    while (read(supervisor->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        on_signal(supervisor, info.ssi_signo);
}

static bool test_nginx(supervisor_t *supervisor)
{
    int status = -1;
    pid_t pid = spawn(supervisor, supervisor->plan->nginx_test_argv);

    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    fg_say("nginx refuses the configuration, see its complaint above");
    supervisor->has_failed = true;
    return false;
}

/* One look at how far the start has come. Blocks for PROBE_TIMEOUT_MS at most. */
static void probe(supervisor_t *supervisor)
{
    const fg_supervision_t *plan = supervisor->plan;
    static const char health[] = "/_faregate/health";

    if (!supervisor->has_gate) {
        supervisor->has_gate = fg_http_answers("http://localhost", plan->instance.socket, health,
                                               200, PROBE_TIMEOUT_MS);
        if (!supervisor->has_gate || !test_nginx(supervisor))
            return;
        start(supervisor, &supervisor->nginx);
        return;
    }
    if (!fg_http_answers(plan->instance.control_url, NULL, health, 200, PROBE_TIMEOUT_MS) ||
        !fg_port_accepts(plan->data_address, plan->data_port))
        return;
    /* Who answers may not be ours: nginx must be alive still. */
    reap(supervisor);
    if (!supervisor->nginx.pid || supervisor->has_failed)
        return;
    supervisor->is_ready = true;
    printf("ready data=%s control=%s\n", plan->instance.data_url, plan->instance.control_url);
    fflush(stdout);
}

static void start_if_due(supervisor_t *supervisor, child_t *child)
{
    if (child->pid == 0 && now_us() >= child->due_us) {
        fg_say("starting %s again", child->name);
        start(supervisor, child);
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 || b < a ? b : a;
}

/* Microseconds until something is due; -1: nothing is. */
static int64_t next_due(const supervisor_t *supervisor)
{
    const child_t *children[] = {&supervisor->faregated, &supervisor->nginx};
    int64_t now = now_us();
    int64_t due = -1;

    if (!supervisor->is_ready)
        return PROBE_EVERY_MS * MS;
    for (size_t i = 0; i < FG_COUNT_OF(children); i++) {
        if (children[i]->pid == 0)
            due = earlier(due, children[i]->due_us);
    }
    if (supervisor->orphans)
        due = earlier(due, supervisor->orphans_due_us);
    if (due < 0)
        return -1;
    return due > now ? due - now : 0;
}

static void run_until_stopped(supervisor_t *supervisor)
{
    while (!supervisor->is_stopping && !supervisor->has_failed) {
        kill_orphans_if_due(supervisor);
        if (supervisor->is_ready) {
            start_if_due(supervisor, &supervisor->faregated);
            start_if_due(supervisor, &supervisor->nginx);
        } else {
            probe(supervisor);
        }
        if (!supervisor->has_failed)
            wait_signals(supervisor, next_due(supervisor));
    }
}

/* Wait until `child` is gone, at most to `until_us`. True when it is. */
static bool wait_child(supervisor_t *supervisor, const child_t *child, int64_t until_us)
{
    while (child->pid && now_us() < until_us)
        wait_signals(supervisor, until_us - now_us());
    return child->pid == 0;
}

/* nginx first, so that faregated drains what the last requests counted. */
static void stop(supervisor_t *supervisor)
{
    int64_t begin = now_us();
    child_t *nginx = &supervisor->nginx;
    child_t *faregated = &supervisor->faregated;

    supervisor->is_stopping = true;
    if (nginx->pid) {
        kill(nginx->pid, SIGQUIT);
        if (!wait_child(supervisor, nginx, begin + NGINX_TERM_MS * MS)) {
            kill(nginx->pid, SIGTERM);
            wait_child(supervisor, nginx, begin + NGINX_KILL_MS * MS);
        }
    }
    if (nginx->group)
        kill(-nginx->group, SIGKILL);
    if (faregated->pid) {
        kill(faregated->pid, SIGTERM);
        if (!wait_child(supervisor, faregated, begin + FAREGATED_KILL_MS * MS)) {
            fg_say("faregated did not end in time");
            kill(-faregated->group, SIGKILL);
        }
    }
    wait_child(supervisor, nginx, now_us() + PROBE_TIMEOUT_MS * MS / 4);
    reap(supervisor);
}

static bool take_signals(supervisor_t *supervisor)
{
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    sigprocmask(SIG_BLOCK, &wanted, &supervisor->old_mask);
    sigdelset(&supervisor->old_mask, SIGTERM);
    sigdelset(&supervisor->old_mask, SIGCHLD);
    signal(SIGPIPE, SIG_IGN); /* whoever reads our line may be gone */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    supervisor->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    return supervisor->signals >= 0;
}

int fg_supervise(const fg_supervision_t *plan)
{
    supervisor_t supervisor = {
        .plan = plan,
        .instance = plan->instance,
        .faregated = {.name = "faregated", .argv = plan->faregated_argv},
        .nginx = {.name = "nginx", .argv = plan->nginx_argv},
    };

    if (!take_signals(&supervisor))
        return fg_fail(FG_EXIT_FAILURE, "cannot receive signals: %s", strerror(errno));
    start(&supervisor, &supervisor.faregated);
    if (!supervisor.faregated.pid)
        supervisor.has_failed = true;
    run_until_stopped(&supervisor);
    stop(&supervisor);
    close(supervisor.signals);
    return supervisor.has_failed ? FG_EXIT_FAILURE : FG_EXIT_OK;
}

/* Signal, then look every 20 ms until none is left or the time is over. */
static bool end_group(pid_t group, const char *name, int signal, int64_t wait_ms)
{
    int64_t until = now_us() + wait_ms * MS;

    if (fg_process_group_signal(group, name, signal) == 0)
        return true;
    while (now_us() < until) {
        if (fg_process_group_signal(group, name, 0) == 0)
            return true;
        poll(NULL, 0, 20);
    }
    return false;
}

static void end_leftover(pid_t group, const char *name, int first_signal, int64_t wait_ms)
{
    if (fg_process_group_signal(group, name, 0) == 0)
        return;
    fg_say("an earlier run left %s behind (process group %d): ending it", name, (int)group);
    if (!end_group(group, name, first_signal, wait_ms))
        end_group(group, name, SIGKILL, LEFTOVER_WAIT_MS);
}

void fg_end_leftovers(const fg_instance_t *earlier_run)
{
    end_leftover(earlier_run->nginx, "nginx", SIGTERM, LEFTOVER_WAIT_MS / 5);
    end_leftover(earlier_run->faregated, "faregated", SIGTERM, LEFTOVER_WAIT_MS);
}
