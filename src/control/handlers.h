/*
 * handlers - the functions behind the rows of operations.def.
 *
 * Shape      fg_<noun>_<verb>, one file per noun. Each starts after the checks: path parts present,
 * body valid, transaction open, arena ready (operation.h).
 */
#ifndef FG_CONTROL_HANDLERS_H
#define FG_CONTROL_HANDLERS_H

#include "control/operation.h"

fg_handler_t fg_api_key_get;
fg_handler_t fg_api_key_delete;
fg_handler_t fg_api_key_create;
fg_handler_t fg_api_key_update;
fg_handler_t fg_api_key_list;
fg_handler_t fg_usage_plan_get;
fg_handler_t fg_usage_plan_delete;
fg_handler_t fg_usage_plan_create;
fg_handler_t fg_usage_plan_update;
fg_handler_t fg_usage_plan_list;
fg_handler_t fg_plan_key_get;
fg_handler_t fg_plan_key_delete;
fg_handler_t fg_plan_key_create;
fg_handler_t fg_plan_key_list;
fg_handler_t fg_alert_list;
fg_handler_t fg_alert_webhook_get;
fg_handler_t fg_alert_test;
fg_handler_t fg_audit_list;
fg_handler_t fg_credential_create;
fg_handler_t fg_credential_delete;
fg_handler_t fg_credential_list;
fg_handler_t fg_rest_api_get;
fg_handler_t fg_rest_api_delete;
fg_handler_t fg_rest_api_create;
fg_handler_t fg_rest_api_update;
fg_handler_t fg_rest_api_list;
/* definitions as documents */
fg_handler_t fg_definition_get;
fg_handler_t fg_definition_export;
fg_handler_t fg_definition_import;
fg_handler_t fg_definition_put;
fg_handler_t fg_resource_get;
fg_handler_t fg_resource_delete;
fg_handler_t fg_resource_create;
fg_handler_t fg_resource_update;
fg_handler_t fg_resource_list;
fg_handler_t fg_method_get;
fg_handler_t fg_method_delete;
fg_handler_t fg_method_put;
fg_handler_t fg_method_update;
fg_handler_t fg_method_response_get;
fg_handler_t fg_method_response_delete;
fg_handler_t fg_method_response_put;
fg_handler_t fg_method_response_update;
fg_handler_t fg_integration_get;
fg_handler_t fg_integration_delete;
fg_handler_t fg_integration_put;
fg_handler_t fg_integration_update;
fg_handler_t fg_integration_response_get;
fg_handler_t fg_integration_response_delete;
fg_handler_t fg_integration_response_put;
fg_handler_t fg_integration_response_update;
fg_handler_t fg_deployment_get;
fg_handler_t fg_deployment_delete;
fg_handler_t fg_deployment_create;
fg_handler_t fg_deployment_update;
fg_handler_t fg_deployment_list;
fg_handler_t fg_stage_get;
fg_handler_t fg_stage_delete;
fg_handler_t fg_stage_create;
fg_handler_t fg_stage_update;
fg_handler_t fg_stage_list;
fg_handler_t fg_documentation_part_get;
fg_handler_t fg_documentation_part_delete;
fg_handler_t fg_documentation_part_create;
fg_handler_t fg_documentation_part_update;
fg_handler_t fg_documentation_part_list;
fg_handler_t fg_documentation_part_import;
fg_handler_t fg_documentation_version_get;
fg_handler_t fg_documentation_version_delete;
fg_handler_t fg_documentation_version_create;
fg_handler_t fg_documentation_version_update;
fg_handler_t fg_documentation_version_list;
fg_handler_t fg_client_certificate_get;
fg_handler_t fg_client_certificate_delete;
fg_handler_t fg_client_certificate_generate;
fg_handler_t fg_client_certificate_update;
fg_handler_t fg_client_certificate_list;
fg_handler_t fg_vpc_link_get;
fg_handler_t fg_vpc_link_delete;
fg_handler_t fg_vpc_link_create;
fg_handler_t fg_vpc_link_update;
fg_handler_t fg_vpc_link_list;
fg_handler_t fg_domain_name_get;
fg_handler_t fg_domain_name_delete;
fg_handler_t fg_domain_name_create;
fg_handler_t fg_domain_name_update;
fg_handler_t fg_domain_name_list;
fg_handler_t fg_base_path_mapping_get;
fg_handler_t fg_base_path_mapping_delete;
fg_handler_t fg_base_path_mapping_create;
fg_handler_t fg_base_path_mapping_update;
fg_handler_t fg_base_path_mapping_list;
fg_handler_t fg_domain_access_delete;
fg_handler_t fg_domain_access_create;
fg_handler_t fg_domain_access_reject;
fg_handler_t fg_domain_access_list;
fg_handler_t fg_account_get;
fg_handler_t fg_account_update;
fg_handler_t fg_usage_get;
fg_handler_t fg_usage_update;
fg_handler_t fg_usage_detail_get;
fg_handler_t fg_refusals_get;
fg_handler_t fg_whatif;
fg_handler_t fg_explain_get;
fg_handler_t fg_explain_list;
fg_handler_t fg_top_get;
fg_handler_t fg_export_close;
fg_handler_t fg_export_list;
fg_handler_t fg_export_public_key;
/* SDK types, caches of a stage */
fg_handler_t fg_sdk_type_get;
fg_handler_t fg_sdk_type_list;
fg_handler_t fg_stage_cache_flush;
/* tags */
fg_handler_t fg_tag_list;
fg_handler_t fg_tag_add;
fg_handler_t fg_tag_remove;
/* gateway responses */
fg_handler_t fg_gateway_response_get;
fg_handler_t fg_gateway_response_delete;
fg_handler_t fg_gateway_response_put;
fg_handler_t fg_gateway_response_update;
fg_handler_t fg_gateway_response_list;
/* models, request validators */
fg_handler_t fg_model_get;
fg_handler_t fg_model_delete;
fg_handler_t fg_model_create;
fg_handler_t fg_model_update;
fg_handler_t fg_model_list;
fg_handler_t fg_model_template_get;
fg_handler_t fg_request_validator_get;
fg_handler_t fg_request_validator_delete;
fg_handler_t fg_request_validator_create;
fg_handler_t fg_request_validator_update;
fg_handler_t fg_request_validator_list;
/* is a stage's deployment the API as it is? */
fg_handler_t fg_stage_deployment_get;
/* authorizers */
fg_handler_t fg_authorizer_get;
fg_handler_t fg_authorizer_delete;
fg_handler_t fg_authorizer_create;
fg_handler_t fg_authorizer_update;
fg_handler_t fg_authorizer_list;
/* imports of keys */
fg_handler_t fg_api_keys_import;
fg_handler_t fg_key_rows_import;
fg_handler_t fg_key_rows_check;
fg_handler_t fg_key_import_get;
fg_handler_t fg_test_invoke_method;
fg_handler_t fg_test_invoke_authorizer;
#endif
