/*
 * Lets one Apache judge many configurations. Loading its modules takes it longer than reading a file, so it loads them once
 * and reads each file in a process of its own:
 *
 *     apache2 -t -d CURRENT -f CURRENT/httpd.conf -C "Include PROLOGUE"     with `EachFolder CURRENT` as the prologue's last line
 *
 * reads folders from its standard input, makes CURRENT a link to each, and answers with its exit status. What it says
 * stands in the folder's file `.said`.
 */

#include "httpd.h"
#include "http_config.h"
#include "apr_strings.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nothing that is judged takes so long, in seconds. */
#define LONGEST 60

/* A child returns and reads the file that the command line names. */
static const char *each_folder(cmd_parms *cmd, void *config, const char *current)
{
    char folder[4096];

    while (fgets(folder, sizeof(folder), stdin)) {
        int status = -1;
        pid_t child;

        folder[strcspn(folder, "\n")] = '\0';
        unlink(current);
        if (symlink(folder, current) != 0 || (child = fork()) < 0)
            exit(3);
        if (child == 0) {
            int said = open(apr_pstrcat(cmd->temp_pool, folder, "/.said", NULL), O_WRONLY | O_CREAT | O_TRUNC, 0600);

            dup2(said, STDOUT_FILENO);
            dup2(said, STDERR_FILENO);
            alarm(LONGEST);
            return NULL;
        }
        waitpid(child, &status, 0);
        printf("%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        fflush(stdout);
    }
    _exit(0);
}

static const command_rec commands[] = {
    AP_INIT_TAKE1("EachFolder", each_folder, NULL, RSRC_CONF | EXEC_ON_READ, "the link that is made to each folder"),
    {NULL}
};

module AP_MODULE_DECLARE_DATA each_module = {STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, commands, NULL};
