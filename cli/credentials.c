/*
 * credentials - `faregate credentials`: who may ask the control API for what.
 */
#include "ask.h"
#include "flags.h"

#include <stdio.h>

typedef struct credentials {
    fg_wishes_t wishes;
    const char *id, *role, *name, *json;
} credentials_t;

/* The words of a credentials file, so that what is shown once can be kept at once. */
static void print_new(const json_t *answer)
{
    printf("aws_access_key_id = %s\naws_secret_access_key = %s\n",
           fg_ask_text(answer, "accessKeyId"), fg_ask_text(answer, "secretAccessKey"));
    fg_say("the secret is shown this once");
}

static int create(const credentials_t *credentials)
{
    if (!credentials->role)
        return fg_fail(FG_EXIT_USAGE, "credentials create: --role is needed");
    FG_JSON_SCOPED *body = json_pack("{s:s, s:s}", "role", credentials->role, "name",
                                     credentials->name ? credentials->name : "");
    fg_ask_t ask = {.verb = "POST",
                    .path = FG_STR("/faregate/credentials"),
                    .body = fg_json_render(body, fg_cli_arena())};

    return fg_ask_show(&credentials->wishes, &ask, credentials->json != NULL, print_new);
}

static void print_item(const json_t *item)
{
    printf("%s  %-9s  %s  %s\n", fg_ask_text(item, "accessKeyId"), fg_ask_text(item, "role"),
           fg_ask_time(item, "createdDate"), fg_ask_text(item, "name"));
}

static void print_list(const json_t *answer)
{
    fg_ask_print_items(answer, "no credentials", print_item);
}

static int list(const credentials_t *credentials)
{
    fg_ask_t ask = {.verb = "GET", .path = FG_STR("/faregate/credentials")};

    fg_ask_query(&ask, "limit", "500");
    return fg_ask_show(&credentials->wishes, &ask, credentials->json != NULL, print_list);
}

static int revoke(const credentials_t *credentials)
{
    if (!credentials->id)
        return fg_fail(FG_EXIT_USAGE, "credentials revoke: an access key id is needed");
    FG_JSON_SCOPED *answer = NULL;
    fg_ask_t ask = {.verb = "DELETE",
                    .path = fg_ask_path("/faregate/credentials/{}", credentials->id)};

    return fg_ask_lookup(&credentials->wishes, &ask, &answer);
}

int fg_credentials_command(int argc, char **argv)
{
    static const struct {
        const char *word;
        int (*run)(const credentials_t *credentials);
    } words[] = {{"list", list}, {"create", create}, {"revoke", revoke}};
    credentials_t credentials = {.json = NULL};
    const fg_flag_t flags[] = {
        FG_ASK_FLAGS(&credentials.wishes),
        {"--role", "ROLE", "of the new one: admin, read-only, keys-only or portal",
         &credentials.role},
        {"--name", "TEXT", "of the new one: whose it is", &credentials.name},
        {"--json", NULL, "the answer as it is", &credentials.json},
    };
    const fg_flags_t table = {"credentials [list|create|revoke ID]",
                              "list, make and revoke credentials of the control API", flags,
                              FG_COUNT_OF(flags)};
    const char *word = "list";
    int code;

    if (argc > 0 && argv[0][0] != '-') {
        word = *argv++;
        argc--;
    }
    if (argc > 0 && argv[0][0] != '-') {
        credentials.id = *argv++;
        argc--;
    }
    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    for (size_t i = 0; i < FG_COUNT_OF(words); i++)
        if (strcmp(word, words[i].word) == 0)
            return words[i].run(&credentials);
    return fg_fail(FG_EXIT_USAGE, "credentials: '%s' is none of list, create, revoke", word);
}
