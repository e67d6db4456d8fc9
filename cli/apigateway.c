/*
 * apigateway - every command of the control API: parse, sign, send, print. Help comes from the
 * tables.
 */
#include "arguments.h"
#include "output.h"
#include "paging.h"
#include "query.h"
#include "request.h"

#include <stdio.h>
#include <unistd.h>

static int print_commands(void)
{
    puts("faregate apigateway COMMAND [options]\n\n"
         "The commands, parameters and answers are the AWS CLI's. COMMAND --help says what it "
         "takes.\n");
    for (size_t i = 0; i < fg_command_count; i++) {
        if (fg_commands[i].is_built)
            printf("  %s\n", fg_command_word(&fg_commands[i]));
    }
    puts("\nNot built yet; the service answers 501:\n");
    for (size_t i = 0; i < fg_command_count; i++) {
        if (!fg_commands[i].is_built)
            printf("  %s\n", fg_command_word(&fg_commands[i]));
    }
    puts("\nOptions of every command:\n");
    fg_arguments_help();
    return FG_EXIT_OK;
}

static const char *shape_help(const fg_shape_t *shape)
{
    switch (shape->kind) {
    case FG_KIND_INTEGER:
        return "NUMBER";
    case FG_KIND_DOUBLE:
        return "NUMBER";
    case FG_KIND_BLOB:
        return "fileb://PATH";
    case FG_KIND_MAP:
        return "name=value,...";
    case FG_KIND_LIST: {
        const fg_shape_t *of = fg_shape_find(shape->of);
        return fg_text("%s ...", of->kind == FG_KIND_STRUCTURE ? shape_help(of) : "TEXT");
    }
    case FG_KIND_STRUCTURE: {
        const char *text = "";
        const char *member;
        const fg_shape_t *of;
        for (size_t i = 0; fg_shape_member_at(shape, i, &member, &of); i++)
            text = fg_text("%s%s%s=%s", text, i ? "," : "", member,
                           of->kind >= FG_KIND_LIST ? fg_text("{%s}", shape_help(of)) : "..");
        return text;
    }
    default:
        return "TEXT";
    }
}

static int print_command(const fg_command_t *command)
{
    size_t count;
    const fg_parameter_t *rows = fg_command_parameters(command, &count);

    printf("faregate apigateway %s - %s, %s %s%s\n\n", fg_command_word(command), command->operation,
           command->verb, command->path,
           command->is_built ? "" : " (not built yet: the service answers 501)");
    for (size_t i = 0; i < count; i++) {
        const fg_shape_t *shape = fg_shape_find(rows[i].shape);
        if (shape->kind == FG_KIND_BOOLEAN)
            printf("  --%s | --no-%s\n", rows[i].option, rows[i].option);
        else
            printf("  --%s %s%s\n", rows[i].option, shape_help(shape),
                   rows[i].is_required ? "   (needed)" : "");
    }
    if (fg_parameter_find(command, FG_STR("patch-operations")))
        puts("  --add-op path=..,value=.. ...   also --remove-op, --replace-op, --copy-op, "
             "--move-op");
    puts("\nOptions of every command:\n");
    fg_arguments_help();
    return FG_EXIT_OK;
}

static int unknown(const char *word)
{
    const fg_command_t *nearest = fg_command_nearest(word);

    if (nearest)
        return fg_fail(FG_EXIT_USAGE, "there is no command '%s'. Do you mean '%s'?", word,
                       fg_command_word(nearest));
    return fg_fail(FG_EXIT_USAGE, "there is no command '%s' (see faregate help)", word);
}

/* An empty value for each kind, which is enough to fill in. */
static json_t *skeleton_of(const fg_shape_t *shape)
{
    const char *member;
    const fg_shape_t *of;
    json_t *value;

    switch (shape->kind) {
    case FG_KIND_INTEGER:
        return json_integer(0);
    case FG_KIND_DOUBLE:
        return json_real(0);
    case FG_KIND_BOOLEAN:
        return json_true();
    case FG_KIND_LIST:
        return json_pack("[o]", skeleton_of(fg_shape_find(shape->of)));
    case FG_KIND_MAP:
        return json_pack("{s:o}", "KeyName", skeleton_of(fg_shape_find(shape->of)));
    case FG_KIND_STRUCTURE:
        value = json_object();
        for (size_t i = 0; fg_shape_member_at(shape, i, &member, &of); i++)
            json_object_set_new(value, member, skeleton_of(of));
        return value;
    default:
        return json_string("");
    }
}

static int print_skeleton(const fg_command_t *command)
{
    size_t count;
    const fg_parameter_t *rows = fg_command_parameters(command, &count);
    FG_JSON_SCOPED *skeleton = json_object();

    for (size_t i = 0; i < count; i++)
        json_object_set_new(skeleton, rows[i].member, skeleton_of(fg_shape_find(rows[i].shape)));
    fg_output_print(skeleton, "json", "");
    return FG_EXIT_OK;
}

/* Print what came back, after --query. */
static int print_output(const fg_command_t *command, const fg_arguments_t *arguments,
                        json_t *output)
{
    fg_error_t error;
    json_t *part = NULL;

    if (!output)
        return FG_EXIT_OK;
    fg_output_dates(output);
    if (!arguments->query) {
        fg_output_print(output, arguments->output, command->operation);
        return FG_EXIT_OK;
    }
    if (fg_query_apply(fg_str(arguments->query), output, &part, &error) != FG_OK)
        return fg_fail(FG_EXIT_USAGE, "%s", error.message);
    fg_output_print(part, arguments->output, command->operation);
    json_decref(part);
    return FG_EXIT_OK;
}

static int ask(const fg_command_t *command, const fg_arguments_t *arguments)
{
    fg_error_t error = {.message = ""};
    fg_refusal_t refusal;
    fg_context_t context;
    json_t *output = NULL;

    if (fg_context_find(&arguments->wishes, &context, &error) != FG_OK)
        return fg_fail(FG_EXIT_ERROR, "%s", error.message);
    fg_status_t status = fg_paging_send(&context, command, arguments, &output, &refusal, &error);
    if (status == FG_DENIED) {
        fprintf(stderr, "\nAn error occurred (%s) when calling the %s operation: %s\n",
                refusal.type, command->operation, refusal.message);
        return FG_EXIT_REFUSED;
    }
    if (status != FG_OK)
        return fg_fail(status == FG_BAD_REQUEST ? FG_EXIT_USAGE : FG_EXIT_ERROR, "%s",
                       error.message);
    int code = print_output(command, arguments, output);
    json_decref(output);
    return code;
}

static int run_command(const fg_command_t *command, const fg_arguments_t *arguments)
{
    const char *missing = fg_request_missing(command, arguments->input, arguments->payload);

    if (arguments->help)
        return print_command(command);
    if (arguments->skeleton)
        return print_skeleton(command);
    if (!fg_output_is_known(arguments->output))
        return fg_fail(FG_EXIT_USAGE, "--output: '%s' is none of json, text, table",
                       arguments->output);
    if (missing)
        return fg_fail(FG_EXIT_USAGE, "%s: the following arguments are required: %s",
                       fg_command_word(command), missing);
    return ask(command, arguments);
}

int fg_apigateway_command(int argc, char **argv)
{
    fg_arguments_t arguments = {.payload = FG_STR_NONE};
    fg_error_t error = {.message = ""};
    int i = 0;

    while (i < argc && argv[i][0] == '-' && fg_arguments_global(argc, argv, &i, &arguments))
        i++;
    if (i < argc && strcmp(argv[i], "apigateway") == 0) /* behind global options */
        i++;
    if (i >= argc || arguments.help || strcmp(argv[i], "help") == 0)
        return i < argc || arguments.help ? print_commands()
                                          : fg_fail(FG_EXIT_USAGE, "a command is missing (see "
                                                                   "faregate apigateway help)");
    const fg_command_t *command = fg_command_find(argv[i]);
    if (!command)
        return argv[i][0] == '-' ? fg_fail(FG_EXIT_USAGE, "Unknown options: %s", argv[i])
                                 : unknown(argv[i]);
    fg_status_t status =
        fg_arguments_parse(command, argc - i - 1, argv + i + 1, &arguments, &error);
    int code = status == FG_OK ? run_command(command, &arguments)
                               : fg_fail(FG_EXIT_USAGE, "%s", error.message);
    fg_arguments_release(&arguments);
    return code;
}
