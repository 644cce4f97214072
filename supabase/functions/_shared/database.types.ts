export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "public": {
    Tables: {
      "api_keys": {
        Row: {
          "allowed_networks": (unknown)[];
          "created_at": string;
          "created_by": string | null;
          "expires_at": string | null;
          "id": string;
          "name": string;
          "organization_id": string;
          "revoked_at": string | null;
          "revoked_by": string | null;
          "updated_at": string;
          "warned_days": number | null;
        };
        ComputedFields: never;
        Insert: {
          "allowed_networks"?: (unknown)[];
          "created_at"?: string;
          "created_by"?: string | null;
          "expires_at"?: string | null;
          "id"?: string;
          "name": string;
          "organization_id": string;
          "revoked_at"?: string | null;
          "revoked_by"?: string | null;
          "updated_at"?: string;
          "warned_days"?: number | null;
        };
        Update: {
          "allowed_networks"?: (unknown)[];
          "created_at"?: string;
          "created_by"?: string | null;
          "expires_at"?: string | null;
          "id"?: string;
          "name"?: string;
          "organization_id"?: string;
          "revoked_at"?: string | null;
          "revoked_by"?: string | null;
          "updated_at"?: string;
          "warned_days"?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "api_keys_account";
            columns: ["id"];
            isOneToOne: true;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "api_keys_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "api_keys_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "api_keys_revoked_by_fkey";
            columns: ["revoked_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "audit_logs": {
        Row: {
          "action": string;
          "actor_id": string | null;
          "after": Json | null;
          "before": Json | null;
          "changed": (string)[];
          "created_at": string;
          "id": string;
          "impersonator_id": string | null;
          "ip": string | null;
          "organization_id": string | null;
          "request_id": string | null;
          "resource": string;
          "resource_id": string | null;
          "via": string | null;
        };
        ComputedFields: never;
        Insert: {
          "action": string;
          "actor_id"?: string | null;
          "after"?: Json | null;
          "before"?: Json | null;
          "changed"?: (string)[];
          "created_at"?: string;
          "id"?: string;
          "impersonator_id"?: string | null;
          "ip"?: string | null;
          "organization_id"?: string | null;
          "request_id"?: string | null;
          "resource": string;
          "resource_id"?: string | null;
          "via"?: string | null;
        };
        Update: {
          "action"?: string;
          "actor_id"?: string | null;
          "after"?: Json | null;
          "before"?: Json | null;
          "changed"?: (string)[];
          "created_at"?: string;
          "id"?: string;
          "impersonator_id"?: string | null;
          "ip"?: string | null;
          "organization_id"?: string | null;
          "request_id"?: string | null;
          "resource"?: string;
          "resource_id"?: string | null;
          "via"?: string | null;
        };
        Relationships: [];
      };
      "batches": {
        Row: {
          "action": string | null;
          "counts": NonNullable<Json>;
          "created_at": string;
          "created_by": string | null;
          "file_name": string | null;
          "id": string;
          "kind": string;
          "organization_id": string;
          "send_sms": boolean;
          "skipped": NonNullable<Json>;
          "upload_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "action"?: string | null;
          "counts"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "file_name"?: string | null;
          "id"?: string;
          "kind": string;
          "organization_id": string;
          "send_sms"?: boolean;
          "skipped"?: NonNullable<Json>;
          "upload_id"?: string | null;
        };
        Update: {
          "action"?: string | null;
          "counts"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "file_name"?: string | null;
          "id"?: string;
          "kind"?: string;
          "organization_id"?: string;
          "send_sms"?: boolean;
          "skipped"?: NonNullable<Json>;
          "upload_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "batches_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "batches_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "batches_upload";
            columns: ["organization_id", "upload_id"];
            isOneToOne: false;
            referencedRelation: "uploads";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "calendar_holidays": {
        Row: {
          "day": string;
          "id": string;
          "name": string;
          "organization_id": string;
        };
        ComputedFields: never;
        Insert: {
          "day": string;
          "id"?: string;
          "name"?: string;
          "organization_id": string;
        };
        Update: {
          "day"?: string;
          "id"?: string;
          "name"?: string;
          "organization_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "calendar_holidays_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "calendars";
            referencedColumns: ["organization_id"];
          },
        ];
      };
      "calendar_periods": {
        Row: {
          "closes": string;
          "id": string;
          "opens": string;
          "organization_id": string;
          "weekday": number;
        };
        ComputedFields: never;
        Insert: {
          "closes": string;
          "id"?: string;
          "opens": string;
          "organization_id": string;
          "weekday": number;
        };
        Update: {
          "closes"?: string;
          "id"?: string;
          "opens"?: string;
          "organization_id"?: string;
          "weekday"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "calendar_periods_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "calendars";
            referencedColumns: ["organization_id"];
          },
        ];
      };
      "calendars": {
        Row: {
          "created_at": string;
          "enabled": boolean;
          "id": string;
          "organization_id": string;
          "time_zone": string | null;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "enabled"?: boolean;
          "id"?: string;
          "organization_id": string;
          "time_zone"?: string | null;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "enabled"?: boolean;
          "id"?: string;
          "organization_id"?: string;
          "time_zone"?: string | null;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "calendars_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: true;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "campaign_alerts": {
        Row: {
          "campaign_id": string;
          "cases": number;
          "id": string;
          "kind": string;
          "opened_at": string;
          "organization_id": string;
          "resolution": string | null;
          "resolved_at": string | null;
          "sample": number;
          "threshold": number;
        };
        ComputedFields: never;
        Insert: {
          "campaign_id": string;
          "cases": number;
          "id"?: string;
          "kind": string;
          "opened_at"?: string;
          "organization_id": string;
          "resolution"?: string | null;
          "resolved_at"?: string | null;
          "sample": number;
          "threshold": number;
        };
        Update: {
          "campaign_id"?: string;
          "cases"?: number;
          "id"?: string;
          "kind"?: string;
          "opened_at"?: string;
          "organization_id"?: string;
          "resolution"?: string | null;
          "resolved_at"?: string | null;
          "sample"?: number;
          "threshold"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_alerts_campaign";
            columns: ["organization_id", "campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "campaign_alerts_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "campaign_numbers": {
        Row: {
          "account_id": string;
          "campaign_id": string;
          "organization_id": string;
        };
        ComputedFields: never;
        Insert: {
          "account_id": string;
          "campaign_id": string;
          "organization_id": string;
        };
        Update: {
          "account_id"?: string;
          "campaign_id"?: string;
          "organization_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_numbers_account";
            columns: ["organization_id", "account_id"];
            isOneToOne: false;
            referencedRelation: "sms_accounts";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "campaign_numbers_campaign";
            columns: ["organization_id", "campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "campaign_targets": {
        Row: {
          "campaign_id": string;
          "lead_id": string;
          "message_id": string | null;
          "organization_id": string;
          "phone": string | null;
          "position": number;
          "reason": string | null;
          "send_after": string;
          "status": string;
          "updated_at": string;
          "variant_id": string | null;
          "wait_reason": string | null;
        };
        ComputedFields: never;
        Insert: {
          "campaign_id": string;
          "lead_id": string;
          "message_id"?: string | null;
          "organization_id": string;
          "phone"?: string | null;
          "position": number;
          "reason"?: string | null;
          "send_after"?: string;
          "status"?: string;
          "updated_at"?: string;
          "variant_id"?: string | null;
          "wait_reason"?: string | null;
        };
        Update: {
          "campaign_id"?: string;
          "lead_id"?: string;
          "message_id"?: string | null;
          "organization_id"?: string;
          "phone"?: string | null;
          "position"?: number;
          "reason"?: string | null;
          "send_after"?: string;
          "status"?: string;
          "updated_at"?: string;
          "variant_id"?: string | null;
          "wait_reason"?: string | null;
        };
        Relationships: [];
      };
      "campaign_templates": {
        Row: {
          "campaign_id": string;
          "organization_id": string;
          "template_id": string;
          "weight": number;
        };
        ComputedFields: never;
        Insert: {
          "campaign_id": string;
          "organization_id": string;
          "template_id": string;
          "weight"?: number;
        };
        Update: {
          "campaign_id"?: string;
          "organization_id"?: string;
          "template_id"?: string;
          "weight"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_templates_campaign";
            columns: ["organization_id", "campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "campaigns": {
        Row: {
          "audience": NonNullable<Json>;
          "created_at": string;
          "created_by": string | null;
          "deleted_at": string | null;
          "finished_at": string | null;
          "frozen_at": string | null;
          "id": string;
          "late_after_minutes": number;
          "messages_per_minute": number | null;
          "name": string;
          "organization_id": string;
          "pause_after": number;
          "pause_error_rate": number;
          "pause_filtered_rate": number;
          "scheduled_at": string | null;
          "snapshot_cursor": string | null;
          "started_at": string | null;
          "started_by": string | null;
          "status": string;
          "status_reason": string | null;
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "audience"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "deleted_at"?: string | null;
          "finished_at"?: string | null;
          "frozen_at"?: string | null;
          "id"?: string;
          "late_after_minutes"?: number;
          "messages_per_minute"?: number | null;
          "name": string;
          "organization_id": string;
          "pause_after"?: number;
          "pause_error_rate"?: number;
          "pause_filtered_rate"?: number;
          "scheduled_at"?: string | null;
          "snapshot_cursor"?: string | null;
          "started_at"?: string | null;
          "started_by"?: string | null;
          "status"?: string;
          "status_reason"?: string | null;
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "audience"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "deleted_at"?: string | null;
          "finished_at"?: string | null;
          "frozen_at"?: string | null;
          "id"?: string;
          "late_after_minutes"?: number;
          "messages_per_minute"?: number | null;
          "name"?: string;
          "organization_id"?: string;
          "pause_after"?: number;
          "pause_error_rate"?: number;
          "pause_filtered_rate"?: number;
          "scheduled_at"?: string | null;
          "snapshot_cursor"?: string | null;
          "started_at"?: string | null;
          "started_by"?: string | null;
          "status"?: string;
          "status_reason"?: string | null;
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "campaigns_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "campaigns_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "campaigns_started_by_fkey";
            columns: ["started_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "churn_models": {
        Row: {
          "accepted": boolean;
          "calibration": Json | null;
          "confidence": string;
          "created_at": string;
          "features": NonNullable<Json>;
          "id": string;
          "intercept": number;
          "method": string;
          "metrics": NonNullable<Json>;
          "number": number;
          "organization_id": string;
          "reason": string;
          "trained_on": string;
          "window_from": string | null;
          "window_to": string | null;
        };
        ComputedFields: never;
        Insert: {
          "accepted": boolean;
          "calibration"?: Json | null;
          "confidence": string;
          "created_at"?: string;
          "features": NonNullable<Json>;
          "id"?: string;
          "intercept": number;
          "method": string;
          "metrics": NonNullable<Json>;
          "number": number;
          "organization_id": string;
          "reason": string;
          "trained_on": string;
          "window_from"?: string | null;
          "window_to"?: string | null;
        };
        Update: {
          "accepted"?: boolean;
          "calibration"?: Json | null;
          "confidence"?: string;
          "created_at"?: string;
          "features"?: NonNullable<Json>;
          "id"?: string;
          "intercept"?: number;
          "method"?: string;
          "metrics"?: NonNullable<Json>;
          "number"?: number;
          "organization_id"?: string;
          "reason"?: string;
          "trained_on"?: string;
          "window_from"?: string | null;
          "window_to"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "churn_models_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "churn_settings": {
        Row: {
          "band_limits": (number)[];
          "churn_recognition": string;
          "created_at": string;
          "holdout_share": number;
          "id": string;
          "incident_threshold": number;
          "organization_id": string;
          "pause_days": number;
          "unpaid_days": number | null;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "band_limits"?: (number)[];
          "churn_recognition"?: string;
          "created_at"?: string;
          "holdout_share"?: number;
          "id"?: string;
          "incident_threshold"?: number;
          "organization_id": string;
          "pause_days"?: number;
          "unpaid_days"?: number | null;
          "updated_at"?: string;
        };
        Update: {
          "band_limits"?: (number)[];
          "churn_recognition"?: string;
          "created_at"?: string;
          "holdout_share"?: number;
          "id"?: string;
          "incident_threshold"?: number;
          "organization_id"?: string;
          "pause_days"?: number;
          "unpaid_days"?: number | null;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "churn_settings_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: true;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "client_contacts": {
        Row: {
          "client_id": string;
          "created_at": string;
          "email": string | null;
          "id": string;
          "is_primary": boolean;
          "left_on": string | null;
          "name": string;
          "organization_id": string;
          "phone": string | null;
          "role": string | null;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "client_id": string;
          "created_at"?: string;
          "email"?: string | null;
          "id"?: string;
          "is_primary"?: boolean;
          "left_on"?: string | null;
          "name": string;
          "organization_id": string;
          "phone"?: string | null;
          "role"?: string | null;
          "updated_at"?: string;
        };
        Update: {
          "client_id"?: string;
          "created_at"?: string;
          "email"?: string | null;
          "id"?: string;
          "is_primary"?: boolean;
          "left_on"?: string | null;
          "name"?: string;
          "organization_id"?: string;
          "phone"?: string | null;
          "role"?: string | null;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "client_contacts_client";
            columns: ["organization_id", "client_id"];
            isOneToOne: false;
            referencedRelation: "clients";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "client_factors": {
        Row: {
          "client_id": string;
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "name": string;
          "organization_id": string;
          "percentage": number;
        };
        ComputedFields: never;
        Insert: {
          "client_id": string;
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "name": string;
          "organization_id": string;
          "percentage": number;
        };
        Update: {
          "client_id"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "name"?: string;
          "organization_id"?: string;
          "percentage"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "client_factors_client";
            columns: ["organization_id", "client_id"];
            isOneToOne: false;
            referencedRelation: "clients";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "client_factors_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "client_incident_predictions": {
        Row: {
          "basis": string;
          "by_type": NonNullable<Json>;
          "client_id": string;
          "most_likely_incident": string | null;
          "organization_id": string;
          "predicted_on": string;
          "probabilities": (number)[];
          "quarters": (string)[];
          "recommendation": string | null;
        };
        ComputedFields: never;
        Insert: {
          "basis": string;
          "by_type": NonNullable<Json>;
          "client_id": string;
          "most_likely_incident"?: string | null;
          "organization_id": string;
          "predicted_on": string;
          "probabilities": (number)[];
          "quarters": (string)[];
          "recommendation"?: string | null;
        };
        Update: {
          "basis"?: string;
          "by_type"?: NonNullable<Json>;
          "client_id"?: string;
          "most_likely_incident"?: string | null;
          "organization_id"?: string;
          "predicted_on"?: string;
          "probabilities"?: (number)[];
          "quarters"?: (string)[];
          "recommendation"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "client_incident_predictions_client";
            columns: ["organization_id", "client_id"];
            isOneToOne: true;
            referencedRelation: "clients";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "client_interactions": {
        Row: {
          "client_id": string;
          "created_by": string | null;
          "details": string | null;
          "direction": string | null;
          "id": string;
          "occurred_at": string;
          "organization_id": string;
          "outcome": string | null;
          "recorded_at": string;
          "sentiment": string | null;
          "subject": string | null;
          "type": string;
        };
        ComputedFields: never;
        Insert: {
          "client_id": string;
          "created_by"?: string | null;
          "details"?: string | null;
          "direction"?: string | null;
          "id"?: string;
          "occurred_at": string;
          "organization_id": string;
          "outcome"?: string | null;
          "recorded_at"?: string;
          "sentiment"?: string | null;
          "subject"?: string | null;
          "type": string;
        };
        Update: {
          "client_id"?: string;
          "created_by"?: string | null;
          "details"?: string | null;
          "direction"?: string | null;
          "id"?: string;
          "occurred_at"?: string;
          "organization_id"?: string;
          "outcome"?: string | null;
          "recorded_at"?: string;
          "sentiment"?: string | null;
          "subject"?: string | null;
          "type"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "client_interactions_client";
            columns: ["organization_id", "client_id"];
            isOneToOne: false;
            referencedRelation: "clients";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "client_interactions_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "client_issues": {
        Row: {
          "client_id": string;
          "close_recorded_at": string | null;
          "closed_at": string | null;
          "closed_by": string | null;
          "contract_code": string | null;
          "created_by": string | null;
          "description": string | null;
          "external_customer_id": string | null;
          "id": string;
          "opened_at": string;
          "organization_id": string;
          "recorded_at": string;
          "resolution": string | null;
          "severity": string;
          "status": string;
          "title": string;
          "type": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "client_id": string;
          "close_recorded_at"?: string | null;
          "closed_at"?: string | null;
          "closed_by"?: string | null;
          "contract_code"?: string | null;
          "created_by"?: string | null;
          "description"?: string | null;
          "external_customer_id"?: string | null;
          "id"?: string;
          "opened_at": string;
          "organization_id": string;
          "recorded_at"?: string;
          "resolution"?: string | null;
          "severity"?: string;
          "status"?: string;
          "title": string;
          "type": string;
          "updated_at"?: string;
        };
        Update: {
          "client_id"?: string;
          "close_recorded_at"?: string | null;
          "closed_at"?: string | null;
          "closed_by"?: string | null;
          "contract_code"?: string | null;
          "created_by"?: string | null;
          "description"?: string | null;
          "external_customer_id"?: string | null;
          "id"?: string;
          "opened_at"?: string;
          "organization_id"?: string;
          "recorded_at"?: string;
          "resolution"?: string | null;
          "severity"?: string;
          "status"?: string;
          "title"?: string;
          "type"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "client_issues_client";
            columns: ["organization_id", "client_id"];
            isOneToOne: false;
            referencedRelation: "clients";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "client_issues_closed_by_fkey";
            columns: ["closed_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "client_issues_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "client_issues_incident_type";
            columns: ["organization_id", "type"];
            isOneToOne: false;
            referencedRelation: "incident_types";
            referencedColumns: ["organization_id", "key"];
          },
        ];
      };
      "client_links": {
        Row: {
          "client_id": string;
          "created_at": string;
          "created_by": string | null;
          "customer_id": string | null;
          "id": string;
          "lead_id": string | null;
          "organization_id": string;
          "rejected": boolean;
          "source": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "client_id": string;
          "created_at"?: string;
          "created_by"?: string | null;
          "customer_id"?: string | null;
          "id"?: string;
          "lead_id"?: string | null;
          "organization_id": string;
          "rejected"?: boolean;
          "source": string;
          "updated_at"?: string;
        };
        Update: {
          "client_id"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "customer_id"?: string | null;
          "id"?: string;
          "lead_id"?: string | null;
          "organization_id"?: string;
          "rejected"?: boolean;
          "source"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "client_links_client";
            columns: ["organization_id", "client_id"];
            isOneToOne: false;
            referencedRelation: "clients";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "client_links_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "client_links_customer";
            columns: ["organization_id", "customer_id"];
            isOneToOne: false;
            referencedRelation: "customers";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "client_links_lead";
            columns: ["organization_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "client_movements": {
        Row: {
          "amount": number;
          "cause": string;
          "client_change": number;
          "client_id": string;
          "contract": string;
          "contract_mrr": number | null;
          "currency": string;
          "day": string;
          "entry": string | null;
          "entry_currency": string | null;
          "entry_segment": string | null;
          "id": string;
          "kind": string;
          "mrr_after": number;
          "observed_from": string | null;
          "organization_id": string;
          "place": number;
          "reason": string | null;
          "recorded_at": string;
          "recorded_by": string | null;
          "reversed_kind": string | null;
          "reverses": string | null;
          "segment": string;
          "status_after": string;
          "voluntary": boolean | null;
        };
        ComputedFields: never;
        Insert: {
          "amount": number;
          "cause": string;
          "client_change": number;
          "client_id": string;
          "contract": string;
          "contract_mrr"?: number | null;
          "currency": string;
          "day": string;
          "entry"?: string | null;
          "entry_currency"?: string | null;
          "entry_segment"?: string | null;
          "id"?: string;
          "kind": string;
          "mrr_after": number;
          "observed_from"?: string | null;
          "organization_id": string;
          "place": number;
          "reason"?: string | null;
          "recorded_at": string;
          "recorded_by"?: string | null;
          "reversed_kind"?: string | null;
          "reverses"?: string | null;
          "segment": string;
          "status_after": string;
          "voluntary"?: boolean | null;
        };
        Update: {
          "amount"?: number;
          "cause"?: string;
          "client_change"?: number;
          "client_id"?: string;
          "contract"?: string;
          "contract_mrr"?: number | null;
          "currency"?: string;
          "day"?: string;
          "entry"?: string | null;
          "entry_currency"?: string | null;
          "entry_segment"?: string | null;
          "id"?: string;
          "kind"?: string;
          "mrr_after"?: number;
          "observed_from"?: string | null;
          "organization_id"?: string;
          "place"?: number;
          "reason"?: string | null;
          "recorded_at"?: string;
          "recorded_by"?: string | null;
          "reversed_kind"?: string | null;
          "reverses"?: string | null;
          "segment"?: string;
          "status_after"?: string;
          "voluntary"?: boolean | null;
        };
        Relationships: [
          {
            foreignKeyName: "client_movements_client";
            columns: ["organization_id", "client_id"];
            isOneToOne: false;
            referencedRelation: "clients";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "client_movements_recorded_by_fkey";
            columns: ["recorded_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "client_movements_reverses";
            columns: ["organization_id", "reverses"];
            isOneToOne: false;
            referencedRelation: "client_movements";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "client_risks": {
        Row: {
          "band": string | null;
          "client_id": string;
          "organization_id": string;
          "risk_theme": string | null;
          "score": number | null;
          "score_day": string | null;
          "score_model_id": string | null;
          "trend": string | null;
          "trend_days": number | null;
        };
        ComputedFields: never;
        Insert: {
          "band"?: string | null;
          "client_id": string;
          "organization_id": string;
          "risk_theme"?: string | null;
          "score"?: number | null;
          "score_day"?: string | null;
          "score_model_id"?: string | null;
          "trend"?: string | null;
          "trend_days"?: number | null;
        };
        Update: {
          "band"?: string | null;
          "client_id"?: string;
          "organization_id"?: string;
          "risk_theme"?: string | null;
          "score"?: number | null;
          "score_day"?: string | null;
          "score_model_id"?: string | null;
          "trend"?: string | null;
          "trend_days"?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "client_risks_client";
            columns: ["organization_id", "client_id"];
            isOneToOne: true;
            referencedRelation: "clients";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "client_segments": {
        Row: {
          "created_at": string;
          "id": string;
          "key": string;
          "label": string;
          "organization_id": string;
          "position": number;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "id"?: string;
          "key": string;
          "label": string;
          "organization_id": string;
          "position": number;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "id"?: string;
          "key"?: string;
          "label"?: string;
          "organization_id"?: string;
          "position"?: number;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "client_segments_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "client_spells": {
        Row: {
          "client_id": string;
          "ends_on": string | null;
          "id": string;
          "observed_from": string;
          "organization_id": string;
          "reason": string | null;
          "spell_no": number;
          "starts_on": string;
          "voluntary": boolean | null;
        };
        ComputedFields: never;
        Insert: {
          "client_id": string;
          "ends_on"?: string | null;
          "id"?: string;
          "observed_from": string;
          "organization_id": string;
          "reason"?: string | null;
          "spell_no": number;
          "starts_on": string;
          "voluntary"?: boolean | null;
        };
        Update: {
          "client_id"?: string;
          "ends_on"?: string | null;
          "id"?: string;
          "observed_from"?: string;
          "organization_id"?: string;
          "reason"?: string | null;
          "spell_no"?: number;
          "starts_on"?: string;
          "voluntary"?: boolean | null;
        };
        Relationships: [
          {
            foreignKeyName: "client_spells_client";
            columns: ["organization_id", "client_id"];
            isOneToOne: false;
            referencedRelation: "clients";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "clients": {
        Row: {
          "account_number": string | null;
          "category": string | null;
          "client_type": string | null;
          "contract_ends_on": string | null;
          "created_at": string;
          "created_by": string | null;
          "currency": string;
          "custom_fields": NonNullable<Json>;
          "deleted_at": string | null;
          "deleted_by": string | null;
          "email": string | null;
          "external_id": string | null;
          "id": string;
          "last_interaction_at": string | null;
          "leaves_on": string | null;
          "merged_into": string | null;
          "mrr": number;
          "name": string;
          "notice_on": string | null;
          "organization_id": string;
          "owner_id": string | null;
          "paused_on": string | null;
          "phone": string | null;
          "region": string | null;
          "search_text": string;
          "segment": string;
          "since": string | null;
          "spell_started_on": string | null;
          "stated_risk": string | null;
          "status": string;
          "team_id": string | null;
          "trial_ends_on": string | null;
          "unpaid_since": string | null;
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "account_number"?: string | null;
          "category"?: string | null;
          "client_type"?: string | null;
          "contract_ends_on"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency": string;
          "custom_fields"?: NonNullable<Json>;
          "deleted_at"?: string | null;
          "deleted_by"?: string | null;
          "email"?: string | null;
          "external_id"?: string | null;
          "id"?: string;
          "last_interaction_at"?: string | null;
          "leaves_on"?: string | null;
          "merged_into"?: string | null;
          "mrr"?: number;
          "name": string;
          "notice_on"?: string | null;
          "organization_id": string;
          "owner_id"?: string | null;
          "paused_on"?: string | null;
          "phone"?: string | null;
          "region"?: string | null;
          "search_text"?: never;
          "segment": string;
          "since"?: string | null;
          "spell_started_on"?: string | null;
          "stated_risk"?: string | null;
          "status"?: string;
          "team_id"?: string | null;
          "trial_ends_on"?: string | null;
          "unpaid_since"?: string | null;
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "account_number"?: string | null;
          "category"?: string | null;
          "client_type"?: string | null;
          "contract_ends_on"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency"?: string;
          "custom_fields"?: NonNullable<Json>;
          "deleted_at"?: string | null;
          "deleted_by"?: string | null;
          "email"?: string | null;
          "external_id"?: string | null;
          "id"?: string;
          "last_interaction_at"?: string | null;
          "leaves_on"?: string | null;
          "merged_into"?: string | null;
          "mrr"?: number;
          "name"?: string;
          "notice_on"?: string | null;
          "organization_id"?: string;
          "owner_id"?: string | null;
          "paused_on"?: string | null;
          "phone"?: string | null;
          "region"?: string | null;
          "search_text"?: never;
          "segment"?: string;
          "since"?: string | null;
          "spell_started_on"?: string | null;
          "stated_risk"?: string | null;
          "status"?: string;
          "team_id"?: string | null;
          "trial_ends_on"?: string | null;
          "unpaid_since"?: string | null;
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "clients_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "clients_deleted_by_fkey";
            columns: ["deleted_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "clients_merged_into";
            columns: ["organization_id", "merged_into"];
            isOneToOne: false;
            referencedRelation: "clients";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "clients_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "clients_owner_id_fkey";
            columns: ["owner_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "clients_segment";
            columns: ["organization_id", "segment"];
            isOneToOne: false;
            referencedRelation: "client_segments";
            referencedColumns: ["organization_id", "key"];
          },
          {
            foreignKeyName: "clients_team";
            columns: ["organization_id", "team_id"];
            isOneToOne: false;
            referencedRelation: "teams";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "consents": {
        Row: {
          "act": string | null;
          "channel": string;
          "created_at": string;
          "disclosure": string | null;
          "disclosure_version": string | null;
          "event": string;
          "honored_at": string | null;
          "id": string;
          "ip": string | null;
          "lead_id": string | null;
          "message_id": string | null;
          "occurred_at": string;
          "organization_id": string;
          "outdated": boolean;
          "phone": string;
          "raw_text": string | null;
          "recognized_by": string | null;
          "recorded_by": string | null;
          "rule_id": string | null;
          "scope": string;
          "source": string;
          "user_agent": string | null;
        };
        ComputedFields: never;
        Insert: {
          "act"?: string | null;
          "channel"?: string;
          "created_at"?: string;
          "disclosure"?: string | null;
          "disclosure_version"?: string | null;
          "event": string;
          "honored_at"?: string | null;
          "id"?: string;
          "ip"?: string | null;
          "lead_id"?: string | null;
          "message_id"?: string | null;
          "occurred_at": string;
          "organization_id": string;
          "outdated"?: boolean;
          "phone": string;
          "raw_text"?: string | null;
          "recognized_by"?: string | null;
          "recorded_by"?: string | null;
          "rule_id"?: string | null;
          "scope"?: string;
          "source": string;
          "user_agent"?: string | null;
        };
        Update: {
          "act"?: string | null;
          "channel"?: string;
          "created_at"?: string;
          "disclosure"?: string | null;
          "disclosure_version"?: string | null;
          "event"?: string;
          "honored_at"?: string | null;
          "id"?: string;
          "ip"?: string | null;
          "lead_id"?: string | null;
          "message_id"?: string | null;
          "occurred_at"?: string;
          "organization_id"?: string;
          "outdated"?: boolean;
          "phone"?: string;
          "raw_text"?: string | null;
          "recognized_by"?: string | null;
          "recorded_by"?: string | null;
          "rule_id"?: string | null;
          "scope"?: string;
          "source"?: string;
          "user_agent"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "consents_lead";
            columns: ["organization_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "consents_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "consents_recorded_by_fkey";
            columns: ["recorded_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "conversations": {
        Row: {
          "assigned_to": string | null;
          "closed_at": string | null;
          "closed_by": string | null;
          "created_at": string;
          "customer_id": string | null;
          "id": string;
          "last_direction": string;
          "last_message_at": string;
          "last_message_id": string;
          "last_preview": string;
          "lead_id": string | null;
          "organization_id": string;
          "phone": string;
          "provider": string;
          "sender": string;
          "status": string;
          "unread": number;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "assigned_to"?: string | null;
          "closed_at"?: string | null;
          "closed_by"?: string | null;
          "created_at"?: string;
          "customer_id"?: string | null;
          "id"?: string;
          "last_direction": string;
          "last_message_at": string;
          "last_message_id": string;
          "last_preview": string;
          "lead_id"?: string | null;
          "organization_id": string;
          "phone": string;
          "provider": string;
          "sender": string;
          "status"?: string;
          "unread"?: number;
          "updated_at"?: string;
        };
        Update: {
          "assigned_to"?: string | null;
          "closed_at"?: string | null;
          "closed_by"?: string | null;
          "created_at"?: string;
          "customer_id"?: string | null;
          "id"?: string;
          "last_direction"?: string;
          "last_message_at"?: string;
          "last_message_id"?: string;
          "last_preview"?: string;
          "lead_id"?: string | null;
          "organization_id"?: string;
          "phone"?: string;
          "provider"?: string;
          "sender"?: string;
          "status"?: string;
          "unread"?: number;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "conversations_assigned_to_fkey";
            columns: ["assigned_to"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "conversations_closed_by_fkey";
            columns: ["closed_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "conversations_customer";
            columns: ["organization_id", "customer_id"];
            isOneToOne: false;
            referencedRelation: "customers";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "conversations_lead";
            columns: ["organization_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "conversations_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "customer_actions": {
        Row: {
          "action": string;
          "batch_id": string | null;
          "created_at": string;
          "customer_id": string;
          "id": string;
          "note": string | null;
          "organization_id": string;
          "performed_by": string | null;
          "source": string;
        };
        ComputedFields: never;
        Insert: {
          "action": string;
          "batch_id"?: string | null;
          "created_at"?: string;
          "customer_id": string;
          "id"?: string;
          "note"?: string | null;
          "organization_id": string;
          "performed_by"?: string | null;
          "source"?: string;
        };
        Update: {
          "action"?: string;
          "batch_id"?: string | null;
          "created_at"?: string;
          "customer_id"?: string;
          "id"?: string;
          "note"?: string | null;
          "organization_id"?: string;
          "performed_by"?: string | null;
          "source"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "customer_actions_batch";
            columns: ["organization_id", "batch_id"];
            isOneToOne: false;
            referencedRelation: "batches";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "customer_actions_customer";
            columns: ["organization_id", "customer_id"];
            isOneToOne: false;
            referencedRelation: "customers";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "customer_actions_performed_by_fkey";
            columns: ["performed_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "customers": {
        Row: {
          "account_number": string;
          "arrears": number;
          "created_at": string;
          "created_by": string | null;
          "currency": string;
          "id": string;
          "name": string;
          "organization_id": string;
          "phone": string;
          "search_text": string;
          "status": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "account_number": string;
          "arrears"?: number;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency": string;
          "id"?: string;
          "name": string;
          "organization_id": string;
          "phone": string;
          "search_text"?: never;
          "status"?: string;
          "updated_at"?: string;
        };
        Update: {
          "account_number"?: string;
          "arrears"?: number;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency"?: string;
          "id"?: string;
          "name"?: string;
          "organization_id"?: string;
          "phone"?: string;
          "search_text"?: never;
          "status"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "customers_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "customers_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "dnc_lists": {
        Row: {
          "calling_code": string;
          "created_at": string;
          "created_by": string | null;
          "error": string | null;
          "id": string;
          "invalid": number;
          "kind": string;
          "name": string;
          "next_position": number;
          "numbers": number;
          "organization_id": string;
          "pieces": number;
          "size_bytes": number;
          "status": string;
          "updated_at": string;
          "upload_complete": boolean;
        };
        ComputedFields: never;
        Insert: {
          "calling_code"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "error"?: string | null;
          "id"?: string;
          "invalid"?: number;
          "kind": string;
          "name": string;
          "next_position"?: number;
          "numbers"?: number;
          "organization_id": string;
          "pieces"?: number;
          "size_bytes"?: number;
          "status"?: string;
          "updated_at"?: string;
          "upload_complete"?: boolean;
        };
        Update: {
          "calling_code"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "error"?: string | null;
          "id"?: string;
          "invalid"?: number;
          "kind"?: string;
          "name"?: string;
          "next_position"?: number;
          "numbers"?: number;
          "organization_id"?: string;
          "pieces"?: number;
          "size_bytes"?: number;
          "status"?: string;
          "updated_at"?: string;
          "upload_complete"?: boolean;
        };
        Relationships: [
          {
            foreignKeyName: "dnc_lists_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "dnc_lists_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "emails": {
        Row: {
          "attempts": number;
          "claim": number;
          "created_at": string;
          "data": NonNullable<Json>;
          "edition": number;
          "event_key": string;
          "id": string;
          "integration_id": string | null;
          "kind": string;
          "last_error": string | null;
          "lead_id": string | null;
          "next_attempt_at": string;
          "organization_id": string;
          "provider": string | null;
          "provider_message_id": string | null;
          "sending_at": string | null;
          "sent_at": string | null;
          "status": string;
          "to_address": string;
          "updated_at": string;
          "user_id": string | null;
          "via_platform": boolean;
        };
        ComputedFields: never;
        Insert: {
          "attempts"?: number;
          "claim"?: number;
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "edition"?: number;
          "event_key": string;
          "id"?: string;
          "integration_id"?: string | null;
          "kind": string;
          "last_error"?: string | null;
          "lead_id"?: string | null;
          "next_attempt_at"?: string;
          "organization_id": string;
          "provider"?: string | null;
          "provider_message_id"?: string | null;
          "sending_at"?: string | null;
          "sent_at"?: string | null;
          "status"?: string;
          "to_address": string;
          "updated_at"?: string;
          "user_id"?: string | null;
          "via_platform"?: boolean;
        };
        Update: {
          "attempts"?: number;
          "claim"?: number;
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "edition"?: number;
          "event_key"?: string;
          "id"?: string;
          "integration_id"?: string | null;
          "kind"?: string;
          "last_error"?: string | null;
          "lead_id"?: string | null;
          "next_attempt_at"?: string;
          "organization_id"?: string;
          "provider"?: string | null;
          "provider_message_id"?: string | null;
          "sending_at"?: string | null;
          "sent_at"?: string | null;
          "status"?: string;
          "to_address"?: string;
          "updated_at"?: string;
          "user_id"?: string | null;
          "via_platform"?: boolean;
        };
        Relationships: [
          {
            foreignKeyName: "emails_lead";
            columns: ["organization_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "emails_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "emails_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "exchange_rates": {
        Row: {
          "created_at": string;
          "currency": string;
          "id": string;
          "organization_id": string;
          "rate": number;
          "starts_on": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "currency": string;
          "id"?: string;
          "organization_id": string;
          "rate": number;
          "starts_on": string;
        };
        Update: {
          "created_at"?: string;
          "currency"?: string;
          "id"?: string;
          "organization_id"?: string;
          "rate"?: number;
          "starts_on"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "exchange_rates_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "incident_types": {
        Row: {
          "action": string | null;
          "created_at": string;
          "id": string;
          "key": string;
          "label": string;
          "organization_id": string;
          "position": number;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "action"?: string | null;
          "created_at"?: string;
          "id"?: string;
          "key": string;
          "label": string;
          "organization_id": string;
          "position": number;
          "updated_at"?: string;
        };
        Update: {
          "action"?: string | null;
          "created_at"?: string;
          "id"?: string;
          "key"?: string;
          "label"?: string;
          "organization_id"?: string;
          "position"?: number;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "incident_types_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "integrations": {
        Row: {
          "admins_notified_at": string | null;
          "config": NonNullable<Json>;
          "connected_at": string;
          "connected_by": string | null;
          "failing_since": string | null;
          "failures": number;
          "id": string;
          "last_error": string | null;
          "last_success_at": string | null;
          "organization_id": string;
          "retry_at": string | null;
          "secret_id": string;
          "status": string;
          "type": string;
        };
        ComputedFields: never;
        Insert: {
          "admins_notified_at"?: string | null;
          "config"?: NonNullable<Json>;
          "connected_at"?: string;
          "connected_by"?: string | null;
          "failing_since"?: string | null;
          "failures"?: number;
          "id"?: string;
          "last_error"?: string | null;
          "last_success_at"?: string | null;
          "organization_id": string;
          "retry_at"?: string | null;
          "secret_id": string;
          "status"?: string;
          "type": string;
        };
        Update: {
          "admins_notified_at"?: string | null;
          "config"?: NonNullable<Json>;
          "connected_at"?: string;
          "connected_by"?: string | null;
          "failing_since"?: string | null;
          "failures"?: number;
          "id"?: string;
          "last_error"?: string | null;
          "last_success_at"?: string | null;
          "organization_id"?: string;
          "retry_at"?: string | null;
          "secret_id"?: string;
          "status"?: string;
          "type"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "integrations_connected_by_fkey";
            columns: ["connected_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "integrations_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "interactions": {
        Row: {
          "body": string | null;
          "created_at": string;
          "created_by": string | null;
          "direction": string | null;
          "duration_seconds": number | null;
          "id": string;
          "lead_id": string;
          "occurred_at": string;
          "organization_id": string;
          "outcome": string | null;
          "subject": string | null;
          "type": string;
        };
        ComputedFields: never;
        Insert: {
          "body"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "direction"?: string | null;
          "duration_seconds"?: number | null;
          "id"?: string;
          "lead_id": string;
          "occurred_at"?: string;
          "organization_id": string;
          "outcome"?: string | null;
          "subject"?: string | null;
          "type": string;
        };
        Update: {
          "body"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "direction"?: string | null;
          "duration_seconds"?: number | null;
          "id"?: string;
          "lead_id"?: string;
          "occurred_at"?: string;
          "organization_id"?: string;
          "outcome"?: string | null;
          "subject"?: string | null;
          "type"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "interactions_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "interactions_lead";
            columns: ["organization_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "invitations": {
        Row: {
          "accepted_at": string | null;
          "accepted_by": string | null;
          "created_at": string;
          "email": string;
          "expires_at": string;
          "full_name": string;
          "id": string;
          "invited_by": string | null;
          "organization_id": string;
          "role_id": string;
          "status": string;
          "team_id": string | null;
          "token_hash": string;
        };
        ComputedFields: never;
        Insert: {
          "accepted_at"?: string | null;
          "accepted_by"?: string | null;
          "created_at"?: string;
          "email": string;
          "expires_at"?: string;
          "full_name"?: string;
          "id"?: string;
          "invited_by"?: string | null;
          "organization_id": string;
          "role_id": string;
          "status"?: string;
          "team_id"?: string | null;
          "token_hash": string;
        };
        Update: {
          "accepted_at"?: string | null;
          "accepted_by"?: string | null;
          "created_at"?: string;
          "email"?: string;
          "expires_at"?: string;
          "full_name"?: string;
          "id"?: string;
          "invited_by"?: string | null;
          "organization_id"?: string;
          "role_id"?: string;
          "status"?: string;
          "team_id"?: string | null;
          "token_hash"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "invitations_accepted_by_fkey";
            columns: ["accepted_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "invitations_invited_by_fkey";
            columns: ["invited_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "invitations_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "invitations_role_id_fkey";
            columns: ["role_id"];
            isOneToOne: false;
            referencedRelation: "roles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "invitations_team";
            columns: ["organization_id", "team_id"];
            isOneToOne: false;
            referencedRelation: "teams";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "lead_assignments": {
        Row: {
          "assigned_by": string | null;
          "created_at": string;
          "deadline": string | null;
          "from_user": string | null;
          "id": string;
          "lead_id": string;
          "merged_from": string | null;
          "method": string;
          "note": string | null;
          "organization_id": string;
          "to_user": string | null;
        };
        ComputedFields: never;
        Insert: {
          "assigned_by"?: string | null;
          "created_at"?: string;
          "deadline"?: string | null;
          "from_user"?: string | null;
          "id"?: string;
          "lead_id": string;
          "merged_from"?: string | null;
          "method"?: string;
          "note"?: string | null;
          "organization_id": string;
          "to_user"?: string | null;
        };
        Update: {
          "assigned_by"?: string | null;
          "created_at"?: string;
          "deadline"?: string | null;
          "from_user"?: string | null;
          "id"?: string;
          "lead_id"?: string;
          "merged_from"?: string | null;
          "method"?: string;
          "note"?: string | null;
          "organization_id"?: string;
          "to_user"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "lead_assignments_assigned_by_fkey";
            columns: ["assigned_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "lead_assignments_from_user_fkey";
            columns: ["from_user"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "lead_assignments_lead";
            columns: ["organization_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "lead_assignments_to_user_fkey";
            columns: ["to_user"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "lead_fields": {
        Row: {
          "choices": (string)[];
          "created_at": string;
          "id": string;
          "key": string;
          "label": string;
          "organization_id": string;
          "position": number;
          "required": boolean;
          "type": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "choices"?: (string)[];
          "created_at"?: string;
          "id"?: string;
          "key": string;
          "label": string;
          "organization_id": string;
          "position": number;
          "required"?: boolean;
          "type": string;
          "updated_at"?: string;
        };
        Update: {
          "choices"?: (string)[];
          "created_at"?: string;
          "id"?: string;
          "key"?: string;
          "label"?: string;
          "organization_id"?: string;
          "position"?: number;
          "required"?: boolean;
          "type"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lead_fields_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "lead_history": {
        Row: {
          "changed_by": string | null;
          "created_at": string;
          "from_status": string | null;
          "id": string;
          "lead_id": string;
          "merged_from": string | null;
          "note": string | null;
          "organization_id": string;
          "seconds_in_stage": number | null;
          "to_status": string;
        };
        ComputedFields: never;
        Insert: {
          "changed_by"?: string | null;
          "created_at"?: string;
          "from_status"?: string | null;
          "id"?: string;
          "lead_id": string;
          "merged_from"?: string | null;
          "note"?: string | null;
          "organization_id": string;
          "seconds_in_stage"?: number | null;
          "to_status": string;
        };
        Update: {
          "changed_by"?: string | null;
          "created_at"?: string;
          "from_status"?: string | null;
          "id"?: string;
          "lead_id"?: string;
          "merged_from"?: string | null;
          "note"?: string | null;
          "organization_id"?: string;
          "seconds_in_stage"?: number | null;
          "to_status"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lead_history_changed_by_fkey";
            columns: ["changed_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "lead_history_lead";
            columns: ["organization_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "lead_holders": {
        Row: {
          "capacity": number | null;
          "last_turn": number;
          "on_duty": boolean;
          "organization_id": string;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "capacity"?: number | null;
          "last_turn"?: number;
          "on_duty"?: boolean;
          "organization_id": string;
          "updated_at"?: string;
          "user_id": string;
        };
        Update: {
          "capacity"?: number | null;
          "last_turn"?: number;
          "on_duty"?: boolean;
          "organization_id"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lead_holders_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "lead_holders_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "lead_imports": {
        Row: {
          "assigned_to": string | null;
          "columns": NonNullable<Json>;
          "consent": Json | null;
          "counts": NonNullable<Json>;
          "created_at": string;
          "created_by": string | null;
          "error": string | null;
          "file_name": string;
          "finished_at": string | null;
          "id": string;
          "kind": string;
          "mapping": NonNullable<Json>;
          "observed_from": string | null;
          "on_duplicate": string;
          "organization_id": string;
          "source": string | null;
          "started_at": string | null;
          "status": string;
          "total_rows": number;
          "updated_at": string;
          "upload_id": string;
        };
        ComputedFields: never;
        Insert: {
          "assigned_to"?: string | null;
          "columns": NonNullable<Json>;
          "consent"?: Json | null;
          "counts"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "error"?: string | null;
          "file_name": string;
          "finished_at"?: string | null;
          "id"?: string;
          "kind"?: string;
          "mapping": NonNullable<Json>;
          "observed_from"?: string | null;
          "on_duplicate": string;
          "organization_id": string;
          "source"?: string | null;
          "started_at"?: string | null;
          "status"?: string;
          "total_rows": number;
          "updated_at"?: string;
          "upload_id": string;
        };
        Update: {
          "assigned_to"?: string | null;
          "columns"?: NonNullable<Json>;
          "consent"?: Json | null;
          "counts"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "error"?: string | null;
          "file_name"?: string;
          "finished_at"?: string | null;
          "id"?: string;
          "kind"?: string;
          "mapping"?: NonNullable<Json>;
          "observed_from"?: string | null;
          "on_duplicate"?: string;
          "organization_id"?: string;
          "source"?: string | null;
          "started_at"?: string | null;
          "status"?: string;
          "total_rows"?: number;
          "updated_at"?: string;
          "upload_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lead_imports_assigned_to_fkey";
            columns: ["assigned_to"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "lead_imports_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "lead_imports_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "lead_settings": {
        Row: {
          "capacity": number | null;
          "clock_starts": string;
          "id": string;
          "on_reassignment": string;
          "organization_id": string;
          "reminder_minutes": number;
          "sla_minutes": number;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "capacity"?: number | null;
          "clock_starts"?: string;
          "id"?: string;
          "on_reassignment"?: string;
          "organization_id": string;
          "reminder_minutes"?: number;
          "sla_minutes"?: number;
          "updated_at"?: string;
        };
        Update: {
          "capacity"?: number | null;
          "clock_starts"?: string;
          "id"?: string;
          "on_reassignment"?: string;
          "organization_id"?: string;
          "reminder_minutes"?: number;
          "sla_minutes"?: number;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lead_settings_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: true;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "leads": {
        Row: {
          "assigned_at": string | null;
          "assigned_to": string | null;
          "closed_at": string | null;
          "country": string | null;
          "created_at": string;
          "created_by": string | null;
          "currency": string;
          "custom_fields": NonNullable<Json>;
          "deleted_at": string | null;
          "deleted_by": string | null;
          "email": string | null;
          "first_name": string;
          "full_name": string;
          "furthest_status": string;
          "id": string;
          "import_id": string | null;
          "last_name": string;
          "merged_into": string | null;
          "organization_id": string;
          "outcome": string | null;
          "phone": string | null;
          "region": string | null;
          "search_text": string;
          "sla_breached_at": string | null;
          "sla_deadline": string | null;
          "sla_explicit": boolean;
          "sla_next_at": string | null;
          "sla_responded_at": string | null;
          "sla_started_at": string | null;
          "sla_status": string | null;
          "source": string;
          "status": string;
          "status_since": string;
          "tags": (string)[];
          "team_id": string | null;
          "time_zone": string | null;
          "updated_at": string;
          "value": number;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "assigned_at"?: string | null;
          "assigned_to"?: string | null;
          "closed_at"?: string | null;
          "country"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency": string;
          "custom_fields"?: NonNullable<Json>;
          "deleted_at"?: string | null;
          "deleted_by"?: string | null;
          "email"?: string | null;
          "first_name"?: string;
          "full_name"?: never;
          "furthest_status": string;
          "id"?: string;
          "import_id"?: string | null;
          "last_name"?: string;
          "merged_into"?: string | null;
          "organization_id": string;
          "outcome"?: string | null;
          "phone"?: string | null;
          "region"?: string | null;
          "search_text"?: never;
          "sla_breached_at"?: string | null;
          "sla_deadline"?: string | null;
          "sla_explicit"?: boolean;
          "sla_next_at"?: string | null;
          "sla_responded_at"?: string | null;
          "sla_started_at"?: string | null;
          "sla_status"?: string | null;
          "source"?: string;
          "status": string;
          "status_since"?: string;
          "tags"?: (string)[];
          "team_id"?: string | null;
          "time_zone"?: string | null;
          "updated_at"?: string;
          "value"?: number;
          "version"?: number;
        };
        Update: {
          "assigned_at"?: string | null;
          "assigned_to"?: string | null;
          "closed_at"?: string | null;
          "country"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency"?: string;
          "custom_fields"?: NonNullable<Json>;
          "deleted_at"?: string | null;
          "deleted_by"?: string | null;
          "email"?: string | null;
          "first_name"?: string;
          "full_name"?: never;
          "furthest_status"?: string;
          "id"?: string;
          "import_id"?: string | null;
          "last_name"?: string;
          "merged_into"?: string | null;
          "organization_id"?: string;
          "outcome"?: string | null;
          "phone"?: string | null;
          "region"?: string | null;
          "search_text"?: never;
          "sla_breached_at"?: string | null;
          "sla_deadline"?: string | null;
          "sla_explicit"?: boolean;
          "sla_next_at"?: string | null;
          "sla_responded_at"?: string | null;
          "sla_started_at"?: string | null;
          "sla_status"?: string | null;
          "source"?: string;
          "status"?: string;
          "status_since"?: string;
          "tags"?: (string)[];
          "team_id"?: string | null;
          "time_zone"?: string | null;
          "updated_at"?: string;
          "value"?: number;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "leads_assigned_to_fkey";
            columns: ["assigned_to"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "leads_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "leads_deleted_by_fkey";
            columns: ["deleted_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "leads_imported";
            columns: ["organization_id", "import_id"];
            isOneToOne: false;
            referencedRelation: "lead_imports";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "leads_merged_into";
            columns: ["organization_id", "merged_into"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "leads_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "leads_stage";
            columns: ["organization_id", "status"];
            isOneToOne: false;
            referencedRelation: "pipeline_stages";
            referencedColumns: ["organization_id", "key"];
          },
          {
            foreignKeyName: "leads_team";
            columns: ["organization_id", "team_id"];
            isOneToOne: false;
            referencedRelation: "teams";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "memberships": {
        Row: {
          "created_at": string;
          "id": string;
          "is_default": boolean;
          "is_service": boolean;
          "organization_id": string;
          "role_id": string;
          "status": string;
          "team_id": string | null;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "id"?: string;
          "is_default"?: boolean;
          "is_service"?: boolean;
          "organization_id": string;
          "role_id": string;
          "status"?: string;
          "team_id"?: string | null;
          "updated_at"?: string;
          "user_id": string;
        };
        Update: {
          "created_at"?: string;
          "id"?: string;
          "is_default"?: boolean;
          "is_service"?: boolean;
          "organization_id"?: string;
          "role_id"?: string;
          "status"?: string;
          "team_id"?: string | null;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "memberships_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "memberships_role_id_fkey";
            columns: ["role_id"];
            isOneToOne: false;
            referencedRelation: "roles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "memberships_team";
            columns: ["organization_id", "team_id"];
            isOneToOne: false;
            referencedRelation: "teams";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "memberships_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "message_events": {
        Row: {
          "code": string | null;
          "detail": string | null;
          "id": string;
          "message_id": string;
          "occurred_at": string;
          "organization_id": string;
          "provider_message_id": string | null;
          "source": string;
          "status": string;
        };
        ComputedFields: never;
        Insert: {
          "code"?: string | null;
          "detail"?: string | null;
          "id"?: string;
          "message_id": string;
          "occurred_at"?: string;
          "organization_id": string;
          "provider_message_id"?: string | null;
          "source": string;
          "status": string;
        };
        Update: {
          "code"?: string | null;
          "detail"?: string | null;
          "id"?: string;
          "message_id"?: string;
          "occurred_at"?: string;
          "organization_id"?: string;
          "provider_message_id"?: string | null;
          "source"?: string;
          "status"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "message_events_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "messages": {
        Row: {
          "account_id": string | null;
          "attempts": number;
          "batch_id": string | null;
          "body": string;
          "campaign_id": string | null;
          "category": string;
          "checked_at": string | null;
          "consent_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "customer_id": string | null;
          "delivered_at": string | null;
          "direction": string;
          "encoding": string;
          "error_code": string | null;
          "error_message": string | null;
          "expires_at": string | null;
          "from_number": string;
          "held_at": string | null;
          "id": string;
          "in_reply_to": string | null;
          "lead_id": string | null;
          "legal_hours_from": string | null;
          "lookup_until": string | null;
          "lookups_made": number;
          "media": NonNullable<Json>;
          "organization_id": string;
          "price": number | null;
          "price_currency": string | null;
          "priority": number;
          "provider": string;
          "provider_account": string | null;
          "provider_message_id": string | null;
          "purpose": string;
          "recipient_zone": string | null;
          "reported": Json | null;
          "resolved_by": string | null;
          "segments": number;
          "send_after": string;
          "sending_at": string | null;
          "sent_at": string | null;
          "status": string;
          "target_position": number | null;
          "to_number": string;
          "unknown_at": string | null;
          "unknown_reason": string | null;
          "updated_at": string;
          "variant_id": string | null;
          "wait_reason": string | null;
        };
        ComputedFields: never;
        Insert: {
          "account_id"?: string | null;
          "attempts"?: number;
          "batch_id"?: string | null;
          "body": string;
          "campaign_id"?: string | null;
          "category"?: string;
          "checked_at"?: string | null;
          "consent_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "customer_id"?: string | null;
          "delivered_at"?: string | null;
          "direction"?: string;
          "encoding": string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "expires_at"?: string | null;
          "from_number": string;
          "held_at"?: string | null;
          "id"?: string;
          "in_reply_to"?: string | null;
          "lead_id"?: string | null;
          "legal_hours_from"?: string | null;
          "lookup_until"?: string | null;
          "lookups_made"?: number;
          "media"?: NonNullable<Json>;
          "organization_id": string;
          "price"?: number | null;
          "price_currency"?: string | null;
          "priority"?: never;
          "provider": string;
          "provider_account"?: string | null;
          "provider_message_id"?: string | null;
          "purpose"?: string;
          "recipient_zone"?: string | null;
          "reported"?: Json | null;
          "resolved_by"?: string | null;
          "segments": number;
          "send_after"?: string;
          "sending_at"?: string | null;
          "sent_at"?: string | null;
          "status": string;
          "target_position"?: number | null;
          "to_number": string;
          "unknown_at"?: string | null;
          "unknown_reason"?: string | null;
          "updated_at"?: string;
          "variant_id"?: string | null;
          "wait_reason"?: string | null;
        };
        Update: {
          "account_id"?: string | null;
          "attempts"?: number;
          "batch_id"?: string | null;
          "body"?: string;
          "campaign_id"?: string | null;
          "category"?: string;
          "checked_at"?: string | null;
          "consent_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "customer_id"?: string | null;
          "delivered_at"?: string | null;
          "direction"?: string;
          "encoding"?: string;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "expires_at"?: string | null;
          "from_number"?: string;
          "held_at"?: string | null;
          "id"?: string;
          "in_reply_to"?: string | null;
          "lead_id"?: string | null;
          "legal_hours_from"?: string | null;
          "lookup_until"?: string | null;
          "lookups_made"?: number;
          "media"?: NonNullable<Json>;
          "organization_id"?: string;
          "price"?: number | null;
          "price_currency"?: string | null;
          "priority"?: never;
          "provider"?: string;
          "provider_account"?: string | null;
          "provider_message_id"?: string | null;
          "purpose"?: string;
          "recipient_zone"?: string | null;
          "reported"?: Json | null;
          "resolved_by"?: string | null;
          "segments"?: number;
          "send_after"?: string;
          "sending_at"?: string | null;
          "sent_at"?: string | null;
          "status"?: string;
          "target_position"?: number | null;
          "to_number"?: string;
          "unknown_at"?: string | null;
          "unknown_reason"?: string | null;
          "updated_at"?: string;
          "variant_id"?: string | null;
          "wait_reason"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "messages_account";
            columns: ["organization_id", "account_id"];
            isOneToOne: false;
            referencedRelation: "sms_accounts";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "messages_batch";
            columns: ["organization_id", "batch_id"];
            isOneToOne: false;
            referencedRelation: "batches";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "messages_customer";
            columns: ["organization_id", "customer_id"];
            isOneToOne: false;
            referencedRelation: "customers";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "messages_lead";
            columns: ["organization_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "messages_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "note_reads": {
        Row: {
          "note_id": string;
          "organization_id": string;
          "read_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "note_id": string;
          "organization_id": string;
          "read_at"?: string;
          "user_id": string;
        };
        Update: {
          "note_id"?: string;
          "organization_id"?: string;
          "read_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "note_reads_note";
            columns: ["organization_id", "note_id"];
            isOneToOne: false;
            referencedRelation: "notes";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "note_reads_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "note_roles": {
        Row: {
          "note_id": string;
          "organization_id": string;
          "role_key": string;
        };
        ComputedFields: never;
        Insert: {
          "note_id": string;
          "organization_id": string;
          "role_key": string;
        };
        Update: {
          "note_id"?: string;
          "organization_id"?: string;
          "role_key"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "note_roles_note";
            columns: ["organization_id", "note_id"];
            isOneToOne: false;
            referencedRelation: "notes";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "notes": {
        Row: {
          "client_id": string | null;
          "created_at": string;
          "description": string;
          "first_read_at": string | null;
          "first_read_by": string | null;
          "id": string;
          "organization_id": string;
          "recipients": (string)[];
          "sender_id": string | null;
          "sender_role": string;
          "title": string;
        };
        ComputedFields: never;
        Insert: {
          "client_id"?: string | null;
          "created_at"?: string;
          "description": string;
          "first_read_at"?: string | null;
          "first_read_by"?: string | null;
          "id"?: string;
          "organization_id": string;
          "recipients": (string)[];
          "sender_id"?: string | null;
          "sender_role": string;
          "title": string;
        };
        Update: {
          "client_id"?: string | null;
          "created_at"?: string;
          "description"?: string;
          "first_read_at"?: string | null;
          "first_read_by"?: string | null;
          "id"?: string;
          "organization_id"?: string;
          "recipients"?: (string)[];
          "sender_id"?: string | null;
          "sender_role"?: string;
          "title"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "notes_client";
            columns: ["organization_id", "client_id"];
            isOneToOne: false;
            referencedRelation: "clients";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "notes_first_read_by_fkey";
            columns: ["first_read_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "notes_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "notes_sender_id_fkey";
            columns: ["sender_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "notification_preferences": {
        Row: {
          "created_at": string;
          "email": boolean;
          "id": string;
          "in_app": boolean;
          "kind": string;
          "organization_id": string;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "email"?: boolean;
          "id"?: string;
          "in_app"?: boolean;
          "kind": string;
          "organization_id": string;
          "updated_at"?: string;
          "user_id": string;
        };
        Update: {
          "created_at"?: string;
          "email"?: boolean;
          "id"?: string;
          "in_app"?: boolean;
          "kind"?: string;
          "organization_id"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "notification_preferences_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "notification_preferences_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "notifications": {
        Row: {
          "body": string;
          "created_at": string;
          "data": NonNullable<Json>;
          "event_key": string | null;
          "id": string;
          "kind": string;
          "organization_id": string;
          "read_at": string | null;
          "title": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "body"?: string;
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "event_key"?: string | null;
          "id"?: string;
          "kind": string;
          "organization_id": string;
          "read_at"?: string | null;
          "title": string;
          "user_id": string;
        };
        Update: {
          "body"?: string;
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "event_key"?: string | null;
          "id"?: string;
          "kind"?: string;
          "organization_id"?: string;
          "read_at"?: string | null;
          "title"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "notifications_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "notifications_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "organizations": {
        Row: {
          "alert_after": number;
          "alert_failure_rate": number | null;
          "alert_opt_out_rate": number | null;
          "allowed_countries": (string)[] | null;
          "audit_retention_months": number;
          "contact_details": string | null;
          "country": string;
          "created_at": string;
          "currency": string;
          "daily_spending_limit": number | null;
          "id": string;
          "limits_changed_by": string | null;
          "limits_reason": string | null;
          "locale": string;
          "marketing_consent": string;
          "marketing_gap_hours": number | null;
          "marketing_gap_messages": number | null;
          "max_segments_per_day": number | null;
          "message_retention_months": number;
          "messages_per_second": number | null;
          "name": string;
          "permitted_countries": (string)[] | null;
          "quiet_hours_end": string | null;
          "quiet_hours_start": string | null;
          "standing": string;
          "standing_changed_at": string | null;
          "standing_changed_by": string | null;
          "standing_reason": string | null;
          "time_zone": string;
          "unknown_outcome_marketing": string;
          "unknown_outcome_service": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "alert_after"?: number;
          "alert_failure_rate"?: number | null;
          "alert_opt_out_rate"?: number | null;
          "allowed_countries"?: (string)[] | null;
          "audit_retention_months"?: number;
          "contact_details"?: string | null;
          "country"?: string;
          "created_at"?: string;
          "currency"?: string;
          "daily_spending_limit"?: number | null;
          "id"?: string;
          "limits_changed_by"?: string | null;
          "limits_reason"?: string | null;
          "locale"?: string;
          "marketing_consent"?: string;
          "marketing_gap_hours"?: number | null;
          "marketing_gap_messages"?: number | null;
          "max_segments_per_day"?: number | null;
          "message_retention_months"?: number;
          "messages_per_second"?: number | null;
          "name": string;
          "permitted_countries"?: (string)[] | null;
          "quiet_hours_end"?: string | null;
          "quiet_hours_start"?: string | null;
          "standing"?: string;
          "standing_changed_at"?: string | null;
          "standing_changed_by"?: string | null;
          "standing_reason"?: string | null;
          "time_zone"?: string;
          "unknown_outcome_marketing"?: string;
          "unknown_outcome_service"?: string;
          "updated_at"?: string;
        };
        Update: {
          "alert_after"?: number;
          "alert_failure_rate"?: number | null;
          "alert_opt_out_rate"?: number | null;
          "allowed_countries"?: (string)[] | null;
          "audit_retention_months"?: number;
          "contact_details"?: string | null;
          "country"?: string;
          "created_at"?: string;
          "currency"?: string;
          "daily_spending_limit"?: number | null;
          "id"?: string;
          "limits_changed_by"?: string | null;
          "limits_reason"?: string | null;
          "locale"?: string;
          "marketing_consent"?: string;
          "marketing_gap_hours"?: number | null;
          "marketing_gap_messages"?: number | null;
          "max_segments_per_day"?: number | null;
          "message_retention_months"?: number;
          "messages_per_second"?: number | null;
          "name"?: string;
          "permitted_countries"?: (string)[] | null;
          "quiet_hours_end"?: string | null;
          "quiet_hours_start"?: string | null;
          "standing"?: string;
          "standing_changed_at"?: string | null;
          "standing_changed_by"?: string | null;
          "standing_reason"?: string | null;
          "time_zone"?: string;
          "unknown_outcome_marketing"?: string;
          "unknown_outcome_service"?: string;
          "updated_at"?: string;
        };
        Relationships: [];
      };
      "pipeline_stages": {
        Row: {
          "created_at": string;
          "id": string;
          "key": string;
          "label": string;
          "next_stages": (string)[] | null;
          "organization_id": string;
          "outcome": string | null;
          "position": number;
          "sla_minutes": number | null;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "id"?: string;
          "key": string;
          "label": string;
          "next_stages"?: (string)[] | null;
          "organization_id": string;
          "outcome"?: string | null;
          "position": number;
          "sla_minutes"?: number | null;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "id"?: string;
          "key"?: string;
          "label"?: string;
          "next_stages"?: (string)[] | null;
          "organization_id"?: string;
          "outcome"?: string | null;
          "position"?: number;
          "sla_minutes"?: number | null;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "pipeline_stages_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "plays": {
        Row: {
          "bands": (string)[];
          "channel": string;
          "contract_ends_within": number | null;
          "cost": number;
          "created_at": string;
          "details": string;
          "enabled": boolean;
          "every_days": number;
          "id": string;
          "key": string;
          "min_mrr": number | null;
          "organization_id": string;
          "segments": (string)[];
          "themes": (string)[];
          "title": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "bands": (string)[];
          "channel": string;
          "contract_ends_within"?: number | null;
          "cost"?: number;
          "created_at"?: string;
          "details"?: string;
          "enabled"?: boolean;
          "every_days"?: number;
          "id"?: string;
          "key": string;
          "min_mrr"?: number | null;
          "organization_id": string;
          "segments"?: (string)[];
          "themes"?: (string)[];
          "title": string;
          "updated_at"?: string;
        };
        Update: {
          "bands"?: (string)[];
          "channel"?: string;
          "contract_ends_within"?: number | null;
          "cost"?: number;
          "created_at"?: string;
          "details"?: string;
          "enabled"?: boolean;
          "every_days"?: number;
          "id"?: string;
          "key"?: string;
          "min_mrr"?: number | null;
          "organization_id"?: string;
          "segments"?: (string)[];
          "themes"?: (string)[];
          "title"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "plays_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "profiles": {
        Row: {
          "account_id": string | null;
          "created_at": string;
          "email": string;
          "full_name": string;
          "id": string;
          "is_service": boolean;
          "phone": string | null;
          "phone_confirmed_at": string | null;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "account_id"?: never;
          "created_at"?: string;
          "email": string;
          "full_name"?: string;
          "id": string;
          "is_service"?: boolean;
          "phone"?: string | null;
          "phone_confirmed_at"?: string | null;
          "updated_at"?: string;
        };
        Update: {
          "account_id"?: never;
          "created_at"?: string;
          "email"?: string;
          "full_name"?: string;
          "id"?: string;
          "is_service"?: boolean;
          "phone"?: string | null;
          "phone_confirmed_at"?: string | null;
          "updated_at"?: string;
        };
        Relationships: [];
      };
      "recommendations": {
        Row: {
          "client_id": string;
          "created_at": string;
          "created_by": string | null;
          "currency": string;
          "decided_at": string | null;
          "decided_by": string | null;
          "details": string;
          "expires_on": string;
          "finished_at": string | null;
          "finished_by": string | null;
          "id": string;
          "mrr": number;
          "note": string | null;
          "organization_id": string;
          "play_id": string | null;
          "proposed_on": string;
          "rank": number;
          "score": number | null;
          "state": string;
          "title": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "client_id": string;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency": string;
          "decided_at"?: string | null;
          "decided_by"?: string | null;
          "details"?: string;
          "expires_on": string;
          "finished_at"?: string | null;
          "finished_by"?: string | null;
          "id"?: string;
          "mrr"?: number;
          "note"?: string | null;
          "organization_id": string;
          "play_id"?: string | null;
          "proposed_on": string;
          "rank"?: number;
          "score"?: number | null;
          "state"?: string;
          "title": string;
          "updated_at"?: string;
        };
        Update: {
          "client_id"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "currency"?: string;
          "decided_at"?: string | null;
          "decided_by"?: string | null;
          "details"?: string;
          "expires_on"?: string;
          "finished_at"?: string | null;
          "finished_by"?: string | null;
          "id"?: string;
          "mrr"?: number;
          "note"?: string | null;
          "organization_id"?: string;
          "play_id"?: string | null;
          "proposed_on"?: string;
          "rank"?: number;
          "score"?: number | null;
          "state"?: string;
          "title"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "recommendations_client";
            columns: ["organization_id", "client_id"];
            isOneToOne: false;
            referencedRelation: "clients";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "recommendations_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "recommendations_decided_by_fkey";
            columns: ["decided_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "recommendations_finished_by_fkey";
            columns: ["finished_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "recommendations_play";
            columns: ["organization_id", "play_id"];
            isOneToOne: false;
            referencedRelation: "plays";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "reply_reviews": {
        Row: {
          "created_at": string;
          "decided_at": string | null;
          "decided_by": string | null;
          "id": string;
          "last_message_id": string | null;
          "message_id": string;
          "organization_id": string;
          "phone": string;
          "rule_id": string | null;
          "status": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "decided_at"?: string | null;
          "decided_by"?: string | null;
          "id"?: string;
          "last_message_id"?: string | null;
          "message_id": string;
          "organization_id": string;
          "phone": string;
          "rule_id"?: string | null;
          "status"?: string;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "decided_at"?: string | null;
          "decided_by"?: string | null;
          "id"?: string;
          "last_message_id"?: string | null;
          "message_id"?: string;
          "organization_id"?: string;
          "phone"?: string;
          "rule_id"?: string | null;
          "status"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "reply_reviews_decided_by_fkey";
            columns: ["decided_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "reply_reviews_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "reply_rules": {
        Row: {
          "answers_question": boolean;
          "as_written": boolean;
          "created_at": string;
          "effective_from": string;
          "effective_to": string | null;
          "id": string;
          "kind": string;
          "language": string;
          "literals": (string)[] | null;
          "meaning": string;
          "organization_id": string | null;
          "pattern": string;
          "source": string;
          "undoes_only": boolean;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "answers_question"?: boolean;
          "as_written"?: boolean;
          "created_at"?: string;
          "effective_from"?: string;
          "effective_to"?: string | null;
          "id"?: string;
          "kind": string;
          "language"?: string;
          "literals"?: (string)[] | null;
          "meaning": string;
          "organization_id"?: string | null;
          "pattern": string;
          "source": string;
          "undoes_only"?: boolean;
          "updated_at"?: string;
        };
        Update: {
          "answers_question"?: boolean;
          "as_written"?: boolean;
          "created_at"?: string;
          "effective_from"?: string;
          "effective_to"?: string | null;
          "id"?: string;
          "kind"?: string;
          "language"?: string;
          "literals"?: (string)[] | null;
          "meaning"?: string;
          "organization_id"?: string | null;
          "pattern"?: string;
          "source"?: string;
          "undoes_only"?: boolean;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "reply_rules_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "report_links": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "expires_at": string;
          "id": string;
          "note": string;
          "organization_id": string;
          "revoked_at": string | null;
          "revoked_by": string | null;
          "run_id": string;
          "token_hash": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "expires_at": string;
          "id"?: string;
          "note"?: string;
          "organization_id": string;
          "revoked_at"?: string | null;
          "revoked_by"?: string | null;
          "run_id": string;
          "token_hash": string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "expires_at"?: string;
          "id"?: string;
          "note"?: string;
          "organization_id"?: string;
          "revoked_at"?: string | null;
          "revoked_by"?: string | null;
          "run_id"?: string;
          "token_hash"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "report_links_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "report_links_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "report_links_revoked_by_fkey";
            columns: ["revoked_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "report_links_run";
            columns: ["organization_id", "run_id"];
            isOneToOne: false;
            referencedRelation: "report_runs";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "report_recipients": {
        Row: {
          "address": string | null;
          "id": string;
          "organization_id": string;
          "schedule_id": string;
          "user_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "address"?: string | null;
          "id"?: string;
          "organization_id": string;
          "schedule_id": string;
          "user_id"?: string | null;
        };
        Update: {
          "address"?: string | null;
          "id"?: string;
          "organization_id"?: string;
          "schedule_id"?: string;
          "user_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "report_recipients_schedule";
            columns: ["organization_id", "schedule_id"];
            isOneToOne: false;
            referencedRelation: "report_schedules";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "report_recipients_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "report_runs": {
        Row: {
          "as_of": string;
          "chart_rows": Json | null;
          "checksum": string | null;
          "columns": Json | null;
          "cpu_ms": number;
          "created_at": string;
          "definition": NonNullable<Json>;
          "detail": string | null;
          "file_deleted_at": string | null;
          "file_name": string | null;
          "file_size": number | null;
          "file_withdrawn_at": string | null;
          "finished_at": string | null;
          "format": string;
          "frozen_at": string | null;
          "id": string;
          "name": string;
          "organization_id": string;
          "owner_id": string | null;
          "partial": NonNullable<Json>;
          "period": Json | null;
          "reason": string | null;
          "records": number | null;
          "report_id": string;
          "requested_by": string | null;
          "row_count": number | null;
          "rows_deleted_at": string | null;
          "rows_written": number;
          "schedule_id": string | null;
          "scheduled_for": string | null;
          "spreadsheet_id": string | null;
          "status": string;
          "tab_id": number | null;
          "time_zone": string;
          "totals": Json | null;
          "truncated": boolean;
        };
        ComputedFields: never;
        Insert: {
          "as_of"?: string;
          "chart_rows"?: Json | null;
          "checksum"?: string | null;
          "columns"?: Json | null;
          "cpu_ms"?: number;
          "created_at"?: string;
          "definition": NonNullable<Json>;
          "detail"?: string | null;
          "file_deleted_at"?: string | null;
          "file_name"?: string | null;
          "file_size"?: number | null;
          "file_withdrawn_at"?: string | null;
          "finished_at"?: string | null;
          "format": string;
          "frozen_at"?: string | null;
          "id"?: string;
          "name": string;
          "organization_id": string;
          "owner_id"?: string | null;
          "partial"?: NonNullable<Json>;
          "period"?: Json | null;
          "reason"?: string | null;
          "records"?: number | null;
          "report_id": string;
          "requested_by"?: string | null;
          "row_count"?: number | null;
          "rows_deleted_at"?: string | null;
          "rows_written"?: number;
          "schedule_id"?: string | null;
          "scheduled_for"?: string | null;
          "spreadsheet_id"?: string | null;
          "status"?: string;
          "tab_id"?: number | null;
          "time_zone": string;
          "totals"?: Json | null;
          "truncated"?: boolean;
        };
        Update: {
          "as_of"?: string;
          "chart_rows"?: Json | null;
          "checksum"?: string | null;
          "columns"?: Json | null;
          "cpu_ms"?: number;
          "created_at"?: string;
          "definition"?: NonNullable<Json>;
          "detail"?: string | null;
          "file_deleted_at"?: string | null;
          "file_name"?: string | null;
          "file_size"?: number | null;
          "file_withdrawn_at"?: string | null;
          "finished_at"?: string | null;
          "format"?: string;
          "frozen_at"?: string | null;
          "id"?: string;
          "name"?: string;
          "organization_id"?: string;
          "owner_id"?: string | null;
          "partial"?: NonNullable<Json>;
          "period"?: Json | null;
          "reason"?: string | null;
          "records"?: number | null;
          "report_id"?: string;
          "requested_by"?: string | null;
          "row_count"?: number | null;
          "rows_deleted_at"?: string | null;
          "rows_written"?: number;
          "schedule_id"?: string | null;
          "scheduled_for"?: string | null;
          "spreadsheet_id"?: string | null;
          "status"?: string;
          "tab_id"?: number | null;
          "time_zone"?: string;
          "totals"?: Json | null;
          "truncated"?: boolean;
        };
        Relationships: [
          {
            foreignKeyName: "report_runs_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "report_runs_owner_id_fkey";
            columns: ["owner_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "report_runs_report";
            columns: ["organization_id", "report_id"];
            isOneToOne: false;
            referencedRelation: "reports";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "report_runs_requested_by_fkey";
            columns: ["requested_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "report_runs_schedule";
            columns: ["organization_id", "schedule_id"];
            isOneToOne: false;
            referencedRelation: "report_schedules";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "report_schedules": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "format": string;
          "frequency": string;
          "id": string;
          "local_time": string;
          "month_day": number | null;
          "next_run_at": string | null;
          "on_empty": string;
          "organization_id": string;
          "owner_id": string | null;
          "pause_reason": string | null;
          "report_id": string;
          "spreadsheet_id": string | null;
          "status": string;
          "time_zone": string;
          "updated_at": string;
          "weekdays": (number)[];
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "format": string;
          "frequency": string;
          "id"?: string;
          "local_time": string;
          "month_day"?: number | null;
          "next_run_at"?: string | null;
          "on_empty"?: string;
          "organization_id": string;
          "owner_id"?: string | null;
          "pause_reason"?: string | null;
          "report_id": string;
          "spreadsheet_id"?: string | null;
          "status"?: string;
          "time_zone": string;
          "updated_at"?: string;
          "weekdays"?: (number)[];
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "format"?: string;
          "frequency"?: string;
          "id"?: string;
          "local_time"?: string;
          "month_day"?: number | null;
          "next_run_at"?: string | null;
          "on_empty"?: string;
          "organization_id"?: string;
          "owner_id"?: string | null;
          "pause_reason"?: string | null;
          "report_id"?: string;
          "spreadsheet_id"?: string | null;
          "status"?: string;
          "time_zone"?: string;
          "updated_at"?: string;
          "weekdays"?: (number)[];
        };
        Relationships: [
          {
            foreignKeyName: "report_schedules_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "report_schedules_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "report_schedules_owner_id_fkey";
            columns: ["owner_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "report_schedules_report";
            columns: ["organization_id", "report_id"];
            isOneToOne: false;
            referencedRelation: "reports";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "report_settings": {
        Row: {
          "file_days": number;
          "first_weekday": number;
          "id": string;
          "organization_id": string;
          "outside_link_hours": number;
          "outside_links": boolean;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "file_days"?: number;
          "first_weekday"?: number;
          "id"?: string;
          "organization_id": string;
          "outside_link_hours"?: number;
          "outside_links"?: boolean;
          "updated_at"?: string;
        };
        Update: {
          "file_days"?: number;
          "first_weekday"?: number;
          "id"?: string;
          "organization_id"?: string;
          "outside_link_hours"?: number;
          "outside_links"?: boolean;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "report_settings_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: true;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "reports": {
        Row: {
          "created_at": string;
          "definition": NonNullable<Json>;
          "deleted_at": string | null;
          "description": string;
          "id": string;
          "name": string;
          "organization_id": string;
          "owner_id": string | null;
          "sharing": string;
          "source": string;
          "team_id": string | null;
          "template": string | null;
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "definition": NonNullable<Json>;
          "deleted_at"?: string | null;
          "description"?: string;
          "id"?: string;
          "name": string;
          "organization_id": string;
          "owner_id"?: string | null;
          "sharing"?: string;
          "source": string;
          "team_id"?: string | null;
          "template"?: string | null;
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "created_at"?: string;
          "definition"?: NonNullable<Json>;
          "deleted_at"?: string | null;
          "description"?: string;
          "id"?: string;
          "name"?: string;
          "organization_id"?: string;
          "owner_id"?: string | null;
          "sharing"?: string;
          "source"?: string;
          "team_id"?: string | null;
          "template"?: string | null;
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "reports_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "reports_owner_id_fkey";
            columns: ["owner_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "reports_team";
            columns: ["organization_id", "team_id"];
            isOneToOne: false;
            referencedRelation: "teams";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "role_permissions": {
        Row: {
          "id": string;
          "organization_id": string | null;
          "permission": string;
          "role_id": string;
          "scope": string;
        };
        ComputedFields: never;
        Insert: {
          "id"?: string;
          "organization_id"?: string | null;
          "permission": string;
          "role_id": string;
          "scope"?: string;
        };
        Update: {
          "id"?: string;
          "organization_id"?: string | null;
          "permission"?: string;
          "role_id"?: string;
          "scope"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "role_permissions_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "role_permissions_role_id_fkey";
            columns: ["role_id"];
            isOneToOne: false;
            referencedRelation: "roles";
            referencedColumns: ["id"];
          },
        ];
      };
      "roles": {
        Row: {
          "created_at": string;
          "description": string;
          "id": string;
          "key": string;
          "name": string;
          "organization_id": string | null;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "description"?: string;
          "id"?: string;
          "key": string;
          "name": string;
          "organization_id"?: string | null;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "description"?: string;
          "id"?: string;
          "key"?: string;
          "name"?: string;
          "organization_id"?: string | null;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "roles_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "sla_events": {
        Row: {
          "assigned_to": string | null;
          "created_at": string;
          "deadline": string;
          "event": string;
          "id": string;
          "lead_id": string;
          "merged_from": string | null;
          "met": boolean | null;
          "organization_id": string;
          "response_minutes": number | null;
          "team_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "assigned_to"?: string | null;
          "created_at"?: string;
          "deadline": string;
          "event": string;
          "id"?: string;
          "lead_id": string;
          "merged_from"?: string | null;
          "met"?: boolean | null;
          "organization_id": string;
          "response_minutes"?: number | null;
          "team_id"?: string | null;
        };
        Update: {
          "assigned_to"?: string | null;
          "created_at"?: string;
          "deadline"?: string;
          "event"?: string;
          "id"?: string;
          "lead_id"?: string;
          "merged_from"?: string | null;
          "met"?: boolean | null;
          "organization_id"?: string;
          "response_minutes"?: number | null;
          "team_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "sla_events_lead";
            columns: ["organization_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "sms_accounts": {
        Row: {
          "approved_at": string | null;
          "approved_by": string | null;
          "cap_zone": string;
          "circuit_open_reason": string | null;
          "circuit_open_until": string | null;
          "cooldown_reason": string | null;
          "cooldown_until": string | null;
          "created_at": string;
          "credentials_secret_id": string | null;
          "daily_cap": number | null;
          "failures_counted_from": string | null;
          "id": string;
          "is_default": boolean;
          "label": string | null;
          "number_type": string;
          "organization_id": string;
          "outages": number;
          "per_second": number | null;
          "provider": string;
          "provider_account": string | null;
          "segment_price": number | null;
          "sender_id": string;
          "status": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "approved_at"?: string | null;
          "approved_by"?: string | null;
          "cap_zone"?: string;
          "circuit_open_reason"?: string | null;
          "circuit_open_until"?: string | null;
          "cooldown_reason"?: string | null;
          "cooldown_until"?: string | null;
          "created_at"?: string;
          "credentials_secret_id"?: string | null;
          "daily_cap"?: number | null;
          "failures_counted_from"?: string | null;
          "id"?: string;
          "is_default"?: boolean;
          "label"?: string | null;
          "number_type": string;
          "organization_id": string;
          "outages"?: number;
          "per_second"?: number | null;
          "provider": string;
          "provider_account"?: string | null;
          "segment_price"?: number | null;
          "sender_id": string;
          "status"?: string;
          "updated_at"?: string;
        };
        Update: {
          "approved_at"?: string | null;
          "approved_by"?: string | null;
          "cap_zone"?: string;
          "circuit_open_reason"?: string | null;
          "circuit_open_until"?: string | null;
          "cooldown_reason"?: string | null;
          "cooldown_until"?: string | null;
          "created_at"?: string;
          "credentials_secret_id"?: string | null;
          "daily_cap"?: number | null;
          "failures_counted_from"?: string | null;
          "id"?: string;
          "is_default"?: boolean;
          "label"?: string | null;
          "number_type"?: string;
          "organization_id"?: string;
          "outages"?: number;
          "per_second"?: number | null;
          "provider"?: string;
          "provider_account"?: string | null;
          "segment_price"?: number | null;
          "sender_id"?: string;
          "status"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "sms_accounts_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "students": {
        Row: {
          "birth_date": string | null;
          "created_at": string;
          "created_by": string | null;
          "first_name": string;
          "grade": string | null;
          "id": string;
          "last_name": string;
          "lead_id": string;
          "notes": string | null;
          "organization_id": string;
          "school": string | null;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "birth_date"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "first_name": string;
          "grade"?: string | null;
          "id"?: string;
          "last_name"?: string;
          "lead_id": string;
          "notes"?: string | null;
          "organization_id": string;
          "school"?: string | null;
          "updated_at"?: string;
        };
        Update: {
          "birth_date"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "first_name"?: string;
          "grade"?: string | null;
          "id"?: string;
          "last_name"?: string;
          "lead_id"?: string;
          "notes"?: string | null;
          "organization_id"?: string;
          "school"?: string | null;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "students_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "students_lead";
            columns: ["organization_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "suppressions": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "lifted_at": string | null;
          "lifted_by": string | null;
          "lifted_reason": string | null;
          "organization_id": string;
          "phone": string;
          "reason": string | null;
          "scope": string;
          "source": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "lifted_at"?: string | null;
          "lifted_by"?: string | null;
          "lifted_reason"?: string | null;
          "organization_id": string;
          "phone": string;
          "reason"?: string | null;
          "scope"?: string;
          "source": string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "lifted_at"?: string | null;
          "lifted_by"?: string | null;
          "lifted_reason"?: string | null;
          "organization_id"?: string;
          "phone"?: string;
          "reason"?: string | null;
          "scope"?: string;
          "source"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "suppressions_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "suppressions_lifted_by_fkey";
            columns: ["lifted_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "suppressions_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "tasks": {
        Row: {
          "assigned_to": string | null;
          "completed_at": string | null;
          "created_at": string;
          "created_by": string | null;
          "description": string | null;
          "due_at": string | null;
          "id": string;
          "lead_deleted": boolean;
          "lead_id": string | null;
          "organization_id": string;
          "priority": string;
          "remind_at": string | null;
          "remind_minutes_before": number | null;
          "status": string;
          "title": string;
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "assigned_to"?: string | null;
          "completed_at"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "description"?: string | null;
          "due_at"?: string | null;
          "id"?: string;
          "lead_deleted"?: boolean;
          "lead_id"?: string | null;
          "organization_id": string;
          "priority"?: string;
          "remind_at"?: string | null;
          "remind_minutes_before"?: number | null;
          "status"?: string;
          "title": string;
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "assigned_to"?: string | null;
          "completed_at"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "description"?: string | null;
          "due_at"?: string | null;
          "id"?: string;
          "lead_deleted"?: boolean;
          "lead_id"?: string | null;
          "organization_id"?: string;
          "priority"?: string;
          "remind_at"?: string | null;
          "remind_minutes_before"?: number | null;
          "status"?: string;
          "title"?: string;
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "tasks_assigned_to_fkey";
            columns: ["assigned_to"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "tasks_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "tasks_lead";
            columns: ["organization_id", "lead_id"];
            isOneToOne: false;
            referencedRelation: "leads";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "tasks_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "teams": {
        Row: {
          "created_at": string;
          "id": string;
          "name": string;
          "organization_id": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "id"?: string;
          "name": string;
          "organization_id": string;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "id"?: string;
          "name"?: string;
          "organization_id"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "teams_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "template_variants": {
        Row: {
          "body": string;
          "created_at": string;
          "id": string;
          "label": string;
          "organization_id": string;
          "template_id": string;
          "updated_at": string;
          "weight": number;
        };
        ComputedFields: never;
        Insert: {
          "body": string;
          "created_at"?: string;
          "id"?: string;
          "label": string;
          "organization_id": string;
          "template_id": string;
          "updated_at"?: string;
          "weight"?: number;
        };
        Update: {
          "body"?: string;
          "created_at"?: string;
          "id"?: string;
          "label"?: string;
          "organization_id"?: string;
          "template_id"?: string;
          "updated_at"?: string;
          "weight"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "template_variants_template";
            columns: ["organization_id", "template_id"];
            isOneToOne: false;
            referencedRelation: "templates";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "templates": {
        Row: {
          "body": string;
          "category": string;
          "created_at": string;
          "id": string;
          "kind": string;
          "name": string;
          "organization_id": string;
          "updated_at": string;
          "weight": number;
        };
        ComputedFields: never;
        Insert: {
          "body": string;
          "category"?: string;
          "created_at"?: string;
          "id"?: string;
          "kind"?: string;
          "name": string;
          "organization_id": string;
          "updated_at"?: string;
          "weight"?: number;
        };
        Update: {
          "body"?: string;
          "category"?: string;
          "created_at"?: string;
          "id"?: string;
          "kind"?: string;
          "name"?: string;
          "organization_id"?: string;
          "updated_at"?: string;
          "weight"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "templates_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "undeliverable_numbers": {
        Row: {
          "created_at": string;
          "error_code": string;
          "id": string;
          "is_final": boolean;
          "lifted_at": string | null;
          "lifted_by": string | null;
          "lifted_reason": string | null;
          "message_id": string;
          "organization_id": string;
          "phone": string;
          "provider": string;
          "reason": string;
          "until": string | null;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "error_code": string;
          "id"?: string;
          "is_final": boolean;
          "lifted_at"?: string | null;
          "lifted_by"?: string | null;
          "lifted_reason"?: string | null;
          "message_id": string;
          "organization_id": string;
          "phone": string;
          "provider": string;
          "reason": string;
          "until"?: string | null;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "error_code"?: string;
          "id"?: string;
          "is_final"?: boolean;
          "lifted_at"?: string | null;
          "lifted_by"?: string | null;
          "lifted_reason"?: string | null;
          "message_id"?: string;
          "organization_id"?: string;
          "phone"?: string;
          "provider"?: string;
          "reason"?: string;
          "until"?: string | null;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "undeliverable_numbers_lifted_by_fkey";
            columns: ["lifted_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "undeliverable_numbers_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "uploads": {
        Row: {
          "batch_id": string | null;
          "created_at": string;
          "created_by": string | null;
          "expires_at": string;
          "file_name": string;
          "id": string;
          "organization_id": string;
          "processed_at": string | null;
          "rows": NonNullable<Json>;
          "summary": NonNullable<Json>;
        };
        ComputedFields: never;
        Insert: {
          "batch_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "expires_at"?: string;
          "file_name": string;
          "id"?: string;
          "organization_id": string;
          "processed_at"?: string | null;
          "rows": NonNullable<Json>;
          "summary": NonNullable<Json>;
        };
        Update: {
          "batch_id"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "expires_at"?: string;
          "file_name"?: string;
          "id"?: string;
          "organization_id"?: string;
          "processed_at"?: string | null;
          "rows"?: NonNullable<Json>;
          "summary"?: NonNullable<Json>;
        };
        Relationships: [
          {
            foreignKeyName: "uploads_batch";
            columns: ["organization_id", "batch_id"];
            isOneToOne: false;
            referencedRelation: "batches";
            referencedColumns: ["organization_id", "id"];
          },
          {
            foreignKeyName: "uploads_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "uploads_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "webhook_endpoints": {
        Row: {
          "bulk": string;
          "created_at": string;
          "created_by": string | null;
          "description": string;
          "disabled_at": string | null;
          "disabled_reason": string | null;
          "events": (string)[];
          "id": string;
          "organization_id": string;
          "owner_id": string | null;
          "status": string;
          "updated_at": string;
          "url": string;
        };
        ComputedFields: never;
        Insert: {
          "bulk"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "description"?: string;
          "disabled_at"?: string | null;
          "disabled_reason"?: string | null;
          "events": (string)[];
          "id"?: string;
          "organization_id": string;
          "owner_id"?: string | null;
          "status"?: string;
          "updated_at"?: string;
          "url": string;
        };
        Update: {
          "bulk"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "description"?: string;
          "disabled_at"?: string | null;
          "disabled_reason"?: string | null;
          "events"?: (string)[];
          "id"?: string;
          "organization_id"?: string;
          "owner_id"?: string | null;
          "status"?: string;
          "updated_at"?: string;
          "url"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_endpoints_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "webhook_endpoints_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "webhook_endpoints_owner_id_fkey";
            columns: ["owner_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      "accept_invitation": { Args: { "token": string }; Returns: string };
      "actor": { Args: { "organization_id"?: string }; Returns: Json };
      "add_consent": { Args: { "consent": Json; "organization_id": string }; Returns: Json };
      "add_dnc_pieces": {
        Args: { "list_id": string; "organization_id": string; "pieces": (string)[] };
        Returns: undefined;
      };
      "add_lead_upload_pieces": {
        Args: { "kind"?: string; "organization_id": string; "pieces": Json; "upload_id": string };
        Returns: undefined;
      };
      "approve_organization": {
        Args: { "operator": string; "organization_id": string; "reason"?: string };
        Returns: Json;
      };
      "approve_sender": { Args: { "account_id": string; "operator": string }; Returns: Json };
      "assign_conversation": {
        Args: { "assigned_to"?: string; "conversation_id": string; "organization_id": string };
        Returns: Json;
      };
      "assign_lead": {
        Args: {
          "assigned_to"?: string;
          "deadline"?: string;
          "lead_id": string;
          "note"?: string;
          "organization_id": string;
        };
        Returns: Json;
      };
      "assign_sender": {
        Args: {
          "operator": string;
          "organization_id": string;
          "provider": string;
          "sender": string;
        };
        Returns: Json;
      };
      "batch_detail": { Args: { "batch_id": string; "organization_id": string }; Returns: Json };
      "begin_attempt": {
        Args: { "address"?: string; "attempt": string; "email"?: string };
        Returns: Json;
      };
      "begin_dnc_list": { Args: { "list": Json; "organization_id": string }; Returns: Json };
      "begin_integration_check": {
        Args: { "integration_type": string; "organization_id": string };
        Returns: Json;
      };
      "begin_lead_upload": {
        Args: { "file_name": string; "kind"?: string; "organization_id": string };
        Returns: Json;
      };
      "build_report": { Args: { "organization_id": string; "report": Json }; Returns: Json };
      "bulk_assign": {
        Args: {
          "choice": Json;
          "deadline"?: string;
          "lead_ids": (string)[];
          "note"?: string;
          "organization_id": string;
        };
        Returns: Json;
      };
      "bulk_change_users": {
        Args: {
          "action": string;
          "organization_id": string;
          "reassign_to"?: string;
          "user_ids": (string)[];
        };
        Returns: Json;
      };
      "campaign_analytics": {
        Args: { "campaign_id": string; "organization_id": string };
        Returns: Json;
      };
      "campaign_progress": {
        Args: { "campaign_id": string; "organization_id": string };
        Returns: Json;
      };
      "cancel_campaign": {
        Args: { "campaign_id": string; "organization_id": string };
        Returns: Json;
      };
      "cancel_lead_import": {
        Args: { "import_id": string; "kind"?: string; "organization_id": string };
        Returns: Json;
      };
      "cancel_targets_batch": { Args: { "size"?: number }; Returns: number };
      "change_deployment": { Args: { "changes"?: Json; "operator"?: string }; Returns: Json };
      "check_numbers": { Args: { "organization_id": string; "phones": (string)[] }; Returns: Json };
      "check_registration": { Args: { "email": string; "token"?: string }; Returns: string };
      "churn_by_segment": { Args: { "options"?: Json; "organization_id": string }; Returns: Json };
      "churn_cohorts": { Args: { "options"?: Json; "organization_id": string }; Returns: Json };
      "churn_factors": { Args: { "options"?: Json; "organization_id": string }; Returns: Json };
      "churn_model": { Args: { "organization_id": string }; Returns: Json };
      "churn_settings": { Args: { "change"?: Json; "organization_id": string }; Returns: Json };
      "churn_survival": { Args: { "options"?: Json; "organization_id": string }; Returns: Json };
      "churn_trends": { Args: { "options"?: Json; "organization_id": string }; Returns: Json };
      "claim_dnc_list": { Args: Record<PropertyKey, never>; Returns: string };
      "claim_for_reconciliation": {
        Args: { "batch_size"?: number; "quiet_seconds"?: number };
        Returns: Json;
      };
      "claim_lead_import": { Args: { "runner": string }; Returns: Json };
      "claim_price_lists": { Args: { "batch_size"?: number }; Returns: Json };
      "claim_report_run": { Args: { "runner": string }; Returns: Json };
      "claim_unknown_outcomes": {
        Args: { "batch_size"?: number; "unknown_after_seconds": number };
        Returns: Json;
      };
      "client_detail": { Args: { "client_id": string; "organization_id": string }; Returns: Json };
      "client_factors": { Args: { "client_id": string; "organization_id": string }; Returns: Json };
      "client_links": {
        Args: { "choices"?: Json; "client_id": string; "organization_id": string };
        Returns: Json;
      };
      "client_segments": {
        Args: { "moves"?: Json; "organization_id": string; "segments"?: Json };
        Returns: Json;
      };
      "complete_dnc_upload": {
        Args: { "list_id": string; "organization_id": string };
        Returns: Json;
      };
      "confirm_phone": { Args: { "code": string }; Returns: Json };
      "connect_integration": {
        Args: {
          "config"?: Json;
          "credentials": Json;
          "integration_type": string;
          "organization_id": string;
        };
        Returns: Json;
      };
      "conversion_by_source": {
        Args: { "first_day"?: string; "last_day"?: string; "organization_id": string };
        Returns: Json;
      };
      "copy_report": {
        Args: { "name"?: string; "organization_id": string; "report_id": string };
        Returns: Json;
      };
      "counselor_performance": {
        Args: { "first_day"?: string; "last_day"?: string; "organization_id": string };
        Returns: Json;
      };
      "create_action": {
        Args: {
          "action": string;
          "customer_id": string;
          "note"?: string;
          "organization_id": string;
        };
        Returns: Json;
      };
      "create_actions": { Args: { "actions": Json; "organization_id": string }; Returns: Json };
      "create_api_key": { Args: { "key": Json; "organization_id": string }; Returns: Json };
      "create_campaign": { Args: { "campaign": Json; "organization_id": string }; Returns: Json };
      "create_client": { Args: { "client": Json; "organization_id": string }; Returns: Json };
      "create_client_factor": {
        Args: { "client_id": string; "factor": Json; "organization_id": string };
        Returns: Json;
      };
      "create_client_interaction": {
        Args: { "client_id": string; "interaction": Json; "organization_id": string };
        Returns: Json;
      };
      "create_client_issue": {
        Args: { "client_id": string; "issue": Json; "organization_id": string };
        Returns: Json;
      };
      "create_customer": { Args: { "customer": Json; "organization_id": string }; Returns: Json };
      "create_interaction": {
        Args: { "interaction": Json; "lead_id": string; "organization_id": string };
        Returns: Json;
      };
      "create_lead": {
        Args: { "allow_duplicate"?: boolean; "lead": Json; "organization_id": string };
        Returns: Json;
      };
      "create_organization": { Args: { "name": string; "settings"?: Json }; Returns: string };
      "create_phone_number": { Args: { "number": Json; "organization_id": string }; Returns: Json };
      "create_privacy_request": {
        Args: { "organization_id": string; "request": Json };
        Returns: Json;
      };
      "create_recommendation": {
        Args: { "client_id": string; "organization_id": string; "recommendation": Json };
        Returns: Json;
      };
      "create_reply_rule": { Args: { "organization_id": string; "rule": Json }; Returns: Json };
      "create_report_link": {
        Args: { "hours"?: number; "note"?: string; "organization_id": string; "run_id": string };
        Returns: Json;
      };
      "create_student": {
        Args: { "lead_id": string; "organization_id": string; "student": Json };
        Returns: Json;
      };
      "create_suppression": {
        Args: { "organization_id": string; "suppression": Json };
        Returns: Json;
      };
      "create_task": { Args: { "organization_id": string; "task": Json }; Returns: Json };
      "create_template": { Args: { "organization_id": string; "template": Json }; Returns: Json };
      "create_upload": {
        Args: { "file_name": string; "organization_id": string; "rows": Json; "summary": Json };
        Returns: Json;
      };
      "create_webhook": { Args: { "organization_id": string; "webhook": Json }; Returns: Json };
      "customers_dashboard": { Args: { "organization_id": string }; Returns: Json };
      "decide_recommendation": {
        Args: {
          "client_id": string;
          "decision": Json;
          "organization_id": string;
          "recommendation_id": string;
        };
        Returns: Json;
      };
      "decide_reply_review": {
        Args: { "decision": string; "organization_id": string; "review_id": string };
        Returns: Json;
      };
      "delete_campaign": {
        Args: { "campaign_id": string; "organization_id": string };
        Returns: undefined;
      };
      "delete_client": {
        Args: { "client_id": string; "organization_id": string };
        Returns: undefined;
      };
      "delete_client_contact": {
        Args: { "client_id": string; "contact_id": string; "organization_id": string };
        Returns: undefined;
      };
      "delete_dnc_list": {
        Args: { "list_id": string; "organization_id": string };
        Returns: undefined;
      };
      "delete_lead": { Args: { "lead_id": string; "organization_id": string }; Returns: undefined };
      "delete_lead_upload": {
        Args: { "kind"?: string; "organization_id": string; "upload_id": string };
        Returns: undefined;
      };
      "delete_phone_number": {
        Args: { "number_id": string; "organization_id": string };
        Returns: Json;
      };
      "delete_reply_rule": {
        Args: { "organization_id": string; "rule_id": string };
        Returns: undefined;
      };
      "delete_report": {
        Args: { "expected_version"?: number; "organization_id": string; "report_id": string };
        Returns: Json;
      };
      "delete_report_schedule": {
        Args: { "organization_id": string; "schedule_id": string };
        Returns: undefined;
      };
      "delete_role": {
        Args: { "organization_id": string; "replace_with"?: string; "role_id": string };
        Returns: undefined;
      };
      "delete_student": {
        Args: { "lead_id": string; "organization_id": string; "student_id": string };
        Returns: undefined;
      };
      "delete_task": { Args: { "organization_id": string; "task_id": string }; Returns: undefined };
      "delete_team": {
        Args: { "move_to"?: string; "organization_id": string; "team_id": string };
        Returns: undefined;
      };
      "delete_template": {
        Args: { "organization_id": string; "template_id": string };
        Returns: undefined;
      };
      "delete_upload": {
        Args: { "organization_id": string; "upload_id": string };
        Returns: undefined;
      };
      "delete_webhook": {
        Args: { "organization_id": string; "webhook_id": string };
        Returns: undefined;
      };
      "discard_dnc_list": {
        Args: { "list_id": string; "organization_id": string };
        Returns: undefined;
      };
      "discard_lead_upload": {
        Args: { "kind"?: string; "organization_id": string; "upload_id": string };
        Returns: undefined;
      };
      "disconnect_integration": {
        Args: { "integration_type": string; "organization_id": string };
        Returns: undefined;
      };
      "download_privacy_export": {
        Args: {
          "after_number"?: number;
          "after_relation"?: string;
          "organization_id": string;
          "request_id": string;
        };
        Returns: Json;
      };
      "download_report_run": {
        Args: { "known"?: (string)[]; "organization_id": string; "run_id": string };
        Returns: Json;
      };
      "end_impersonation": { Args: { "organization_id"?: string }; Returns: number };
      "end_sign_in": {
        Args: { "address"?: string; "email": string; "outcome": string };
        Returns: undefined;
      };
      "exchange_api_key": { Args: { "address"?: string; "secret_hash": string }; Returns: Json };
      "exchange_dispatch_batch": {
        Args: { "batch_size"?: number; "outcomes"?: Json; "platform"?: Json };
        Returns: Json;
      };
      "exchange_email_batch": {
        Args: {
          "batch_size": number;
          "lease_seconds": number;
          "outcomes": Json;
          "provider": string;
          "retry_seconds": number;
        };
        Returns: Json;
      };
      "exchange_webhook_batch": {
        Args: { "batch_size": number; "lease_seconds": number; "outcomes": Json };
        Returns: Json;
      };
      "execute_lead_import": {
        Args: { "kind"?: string; "organization_id": string; "settings": Json; "upload_id": string };
        Returns: Json;
      };
      "expired_report_files": { Args: { "max_files": number }; Returns: Json };
      "export_audit_logs": { Args: { "filters": Json; "organization_id": string }; Returns: Json };
      "export_clients": {
        Args: {
          "after_id"?: string;
          "count_to"?: number;
          "filters"?: Json;
          "organization_id": string;
          "page_limit"?: number;
        };
        Returns: Json;
      };
      "export_customers": {
        Args: {
          "after_id"?: string;
          "count_to"?: number;
          "filters"?: Json;
          "organization_id": string;
          "page_limit"?: number;
        };
        Returns: Json;
      };
      "export_leads": {
        Args: {
          "after_id"?: string;
          "count_to"?: number;
          "filters"?: Json;
          "organization_id": string;
          "page_limit"?: number;
        };
        Returns: Json;
      };
      "export_report": {
        Args: {
          "format": string;
          "organization_id": string;
          "report_id": string;
          "spreadsheet"?: string;
        };
        Returns: Json;
      };
      "fail_lead_import": {
        Args: { "import_id": string; "reason": string; "runner": string };
        Returns: undefined;
      };
      "fail_report_run": {
        Args: { "detail": string; "reason": string; "run_id": string; "runner": string };
        Returns: undefined;
      };
      "finish_report_run": {
        Args: {
          "checksum": string;
          "cpu_ms": number;
          "file_size": number;
          "run_id": string;
          "runner": string;
        };
        Returns: Json;
      };
      "finish_spreadsheet_run": {
        Args: { "run_id": string; "runner": string; "tab_id": number };
        Returns: Json;
      };
      "freeze_report_run": { Args: { "run_id": string; "runner": string }; Returns: Json };
      "get_audit_log": { Args: { "entry_id": string; "organization_id": string }; Returns: Json };
      "get_campaign": { Args: { "campaign_id": string; "organization_id": string }; Returns: Json };
      "get_client": { Args: { "client_id": string; "organization_id": string }; Returns: Json };
      "get_conversation": {
        Args: {
          "before"?: string;
          "conversation_id": string;
          "organization_id": string;
          "page_limit": number;
        };
        Returns: Json;
      };
      "get_lead": { Args: { "lead_id": string; "organization_id": string }; Returns: Json };
      "get_lead_import": {
        Args: { "import_id": string; "kind"?: string; "organization_id": string };
        Returns: Json;
      };
      "get_note": { Args: { "note_id": string; "organization_id": string }; Returns: Json };
      "get_privacy_request": {
        Args: { "organization_id": string; "request_id": string };
        Returns: Json;
      };
      "get_report": { Args: { "organization_id": string; "report_id": string }; Returns: Json };
      "get_report_run": { Args: { "organization_id": string; "run_id": string }; Returns: Json };
      "get_settings": { Args: { "organization_id": string }; Returns: Json };
      "get_task": { Args: { "organization_id": string; "task_id": string }; Returns: Json };
      "get_template": { Args: { "organization_id": string; "template_id": string }; Returns: Json };
      "get_user": { Args: { "organization_id": string; "user_id": string }; Returns: Json };
      "hand_over_report_schedule": {
        Args: { "organization_id": string; "schedule_id": string; "user_id": string };
        Returns: Json;
      };
      "health_series": {
        Args: { "metric": string; "organization_id": string; "time_range": string };
        Returns: Json;
      };
      "impersonate": {
        Args: { "organization_id": string; "reason": string; "user_id": string };
        Returns: Json;
      };
      "import_dnc_slice": { Args: { "list_id": string }; Returns: Json };
      "import_lead_slice": {
        Args: {
          "errors": Json;
          "from_position": number;
          "hand_over"?: boolean;
          "import_id": string;
          "rows": Json;
          "runner": string;
        };
        Returns: Json;
      };
      "import_suppressions": {
        Args: {
          "answer": Json;
          "organization_id": string;
          "phones": (string)[];
          "reason": string;
          "scope": string;
        };
        Returns: Json;
      };
      "incident_predictions": {
        Args: { "client_id": string; "organization_id": string };
        Returns: Json;
      };
      "incident_types": { Args: { "organization_id": string; "types"?: Json }; Returns: Json };
      "integration_credentials": {
        Args: { "integration_type": string; "organization_id": string };
        Returns: Json;
      };
      "invite_user": { Args: { "invitee": Json; "organization_id": string }; Returns: Json };
      "invoke_job": { Args: { "body"?: Json; "job": string }; Returns: undefined };
      "lead_alerts": { Args: { "organization_id": string }; Returns: Json };
      "lead_calendar": { Args: { "organization_id": string }; Returns: Json };
      "lead_dashboard": { Args: { "organization_id": string }; Returns: Json };
      "lead_fields": { Args: { "organization_id": string }; Returns: Json };
      "lead_funnel": {
        Args: {
          "first_day"?: string;
          "last_day"?: string;
          "organization_id": string;
          "source"?: string;
        };
        Returns: Json;
      };
      "lead_kpis": {
        Args: {
          "assigned_to"?: string;
          "first_day"?: string;
          "last_day"?: string;
          "organization_id": string;
          "source"?: string;
          "status"?: string;
        };
        Returns: Json;
      };
      "lead_timeline": {
        Args: {
          "before"?: string;
          "lead_id": string;
          "organization_id": string;
          "page_limit": number;
          "wanted_kind"?: string;
        };
        Returns: Json;
      };
      "lead_volume": {
        Args: {
          "first_day"?: string;
          "granularity"?: string;
          "last_day"?: string;
          "organization_id": string;
        };
        Returns: Json;
      };
      "leads_per_assignee": { Args: { "organization_id": string }; Returns: Json };
      "lift_suppression": {
        Args: { "organization_id": string; "reason": string; "suppression_id": string };
        Returns: undefined;
      };
      "lift_undeliverable": {
        Args: { "organization_id": string; "phone": string; "reason": string };
        Returns: undefined;
      };
      "limit_organization": {
        Args: { "limits": Json; "operator": string; "organization_id": string; "reason"?: string };
        Returns: Json;
      };
      "list_actions": {
        Args: {
          "filters"?: Json;
          "organization_id": string;
          "page_cursor"?: string;
          "page_limit"?: number;
          "page_offset"?: number;
        };
        Returns: Json;
      };
      "list_api_keys": {
        Args: {
          "filters": Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_audit_logs": {
        Args: {
          "filters": Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_batches": {
        Args: { "organization_id": string; "page_limit": number; "page_offset": number };
        Returns: Json;
      };
      "list_campaigns": {
        Args: {
          "filters": Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_client_contacts": {
        Args: { "client_id": string; "organization_id": string };
        Returns: Json;
      };
      "list_client_interactions": {
        Args: {
          "client_id": string;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
          "wanted_type"?: string;
        };
        Returns: Json;
      };
      "list_client_issues": {
        Args: {
          "client_id": string;
          "filters"?: Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_client_movements": {
        Args: {
          "client_id": string;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_clients": {
        Args: {
          "filters": Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
          "sort": string;
        };
        Returns: Json;
      };
      "list_consents": {
        Args: {
          "organization_id": string;
          "page_limit"?: number;
          "page_offset"?: number;
          "phone": string;
        };
        Returns: Json;
      };
      "list_conversations": {
        Args: {
          "filters": Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_customers": {
        Args: {
          "filters"?: Json;
          "organization_id": string;
          "page_cursor"?: string;
          "page_limit"?: number;
          "page_offset"?: number;
          "sort"?: string;
        };
        Returns: Json;
      };
      "list_dnc_lists": {
        Args: { "organization_id": string; "page_limit"?: number; "page_offset"?: number };
        Returns: Json;
      };
      "list_emails": {
        Args: {
          "filters": Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_holders": {
        Args: { "organization_id": string; "page_limit": number; "page_offset": number };
        Returns: Json;
      };
      "list_integrations": { Args: { "organization_id": string }; Returns: Json };
      "list_interactions": {
        Args: {
          "lead_id": string;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
          "wanted_type"?: string;
        };
        Returns: Json;
      };
      "list_invitations": {
        Args: { "organization_id": string; "page_limit": number; "page_offset": number };
        Returns: Json;
      };
      "list_lead_import_errors": {
        Args: {
          "after_row"?: number;
          "import_id": string;
          "kind"?: string;
          "organization_id": string;
          "page_limit"?: number;
        };
        Returns: Json;
      };
      "list_lead_imports": {
        Args: {
          "kind"?: string;
          "organization_id": string;
          "page_limit"?: number;
          "page_offset"?: number;
        };
        Returns: Json;
      };
      "list_lead_uploads": {
        Args: {
          "kind"?: string;
          "organization_id": string;
          "page_limit"?: number;
          "page_offset"?: number;
        };
        Returns: Json;
      };
      "list_leads": {
        Args: {
          "filters"?: Json;
          "organization_id": string;
          "page_cursor"?: string;
          "page_limit"?: number;
          "page_offset"?: number;
          "sort"?: string;
        };
        Returns: Json;
      };
      "list_messages": {
        Args: {
          "filters": Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_notes": {
        Args: {
          "box": string;
          "filters"?: Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_notifications": {
        Args: {
          "filters": Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_organizations": {
        Args: { "filters"?: Json; "page_limit"?: number; "page_offset"?: number };
        Returns: Json;
      };
      "list_permissions": { Args: { "organization_id": string }; Returns: Json };
      "list_phone_numbers": {
        Args: {
          "filters"?: Json;
          "organization_id": string;
          "page_limit"?: number;
          "page_offset"?: number;
        };
        Returns: Json;
      };
      "list_plays": { Args: { "organization_id": string }; Returns: Json };
      "list_privacy_requests": {
        Args: { "organization_id": string; "page_limit": number; "page_offset": number };
        Returns: Json;
      };
      "list_recommendations": {
        Args: {
          "client_id": string;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_reply_reviews": {
        Args: {
          "organization_id": string;
          "page_limit"?: number;
          "page_offset"?: number;
          "status"?: string;
        };
        Returns: Json;
      };
      "list_report_links": {
        Args: {
          "organization_id": string;
          "page_limit"?: number;
          "page_offset"?: number;
          "run_id"?: string;
        };
        Returns: Json;
      };
      "list_report_runs": {
        Args: {
          "filters"?: Json;
          "organization_id": string;
          "page_limit"?: number;
          "page_offset"?: number;
        };
        Returns: Json;
      };
      "list_report_schedules": {
        Args: { "organization_id": string; "page_limit"?: number; "page_offset"?: number };
        Returns: Json;
      };
      "list_reports": {
        Args: {
          "filters"?: Json;
          "organization_id": string;
          "page_limit"?: number;
          "page_offset"?: number;
        };
        Returns: Json;
      };
      "list_roles": { Args: { "organization_id": string }; Returns: Json };
      "list_senders": {
        Args: { "filters"?: Json; "page_limit"?: number; "page_offset"?: number };
        Returns: Json;
      };
      "list_stages": { Args: { "organization_id": string }; Returns: Json };
      "list_students": {
        Args: {
          "lead_id": string;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_suppressions": {
        Args: {
          "filters"?: Json;
          "organization_id": string;
          "page_limit"?: number;
          "page_offset"?: number;
        };
        Returns: Json;
      };
      "list_targets": {
        Args: {
          "after": number;
          "campaign_id": string;
          "filters": Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_tasks": {
        Args: {
          "filters"?: Json;
          "organization_id": string;
          "page_cursor"?: string;
          "page_limit"?: number;
          "page_offset"?: number;
          "sort"?: string;
        };
        Returns: Json;
      };
      "list_teams": {
        Args: {
          "filters": Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_templates": {
        Args: {
          "filters"?: Json;
          "organization_id": string;
          "page_limit"?: number;
          "page_offset"?: number;
        };
        Returns: Json;
      };
      "list_undeliverable": {
        Args: {
          "filters"?: Json;
          "organization_id": string;
          "page_limit"?: number;
          "page_offset"?: number;
        };
        Returns: Json;
      };
      "list_uploads": {
        Args: { "organization_id": string; "page_limit"?: number; "page_offset"?: number };
        Returns: Json;
      };
      "list_users": {
        Args: {
          "filters": Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
        };
        Returns: Json;
      };
      "list_webhook_deliveries": {
        Args: {
          "filters": Json;
          "organization_id": string;
          "page_limit": number;
          "page_offset": number;
          "webhook_id": string;
        };
        Returns: Json;
      };
      "list_webhook_events": { Args: { "organization_id": string }; Returns: Json };
      "list_webhooks": {
        Args: { "organization_id": string; "page_limit": number; "page_offset": number };
        Returns: Json;
      };
      "me": { Args: { "organization_id"?: string }; Returns: Json };
      "merge_clients": {
        Args: {
          "client_id": string;
          "duplicate_id": string;
          "organization_id": string;
          "revenue"?: string;
        };
        Returns: Json;
      };
      "merge_leads": {
        Args: { "duplicate_id": string; "lead_id": string; "organization_id": string };
        Returns: Json;
      };
      "message_status": {
        Args: { "message_id": string; "organization_id": string };
        Returns: Json;
      };
      "move_lead": {
        Args: {
          "expected_version"?: number;
          "lead_id": string;
          "note"?: string;
          "organization_id": string;
          "status": string;
        };
        Returns: Json;
      };
      "notification_preferences": {
        Args: { "changes"?: Json; "organization_id": string };
        Returns: Json;
      };
      "open_report_link": { Args: { "token": string }; Returns: Json };
      "organization_health": { Args: { "organization_id": string }; Returns: Json };
      "pause_campaign": {
        Args: { "campaign_id": string; "organization_id": string };
        Returns: Json;
      };
      "pause_report_run": {
        Args: { "detail": string; "run_id": string; "runner": string; "seconds": number };
        Returns: undefined;
      };
      "ping": { Args: Record<PropertyKey, never>; Returns: Json };
      "pipeline_summary": { Args: { "organization_id": string }; Returns: Json };
      "preview_campaign": {
        Args: { "campaign_id": string; "organization_id": string };
        Returns: Json;
      };
      "preview_lead_upload": {
        Args: {
          "answer": Json;
          "contacts": Json;
          "file": Json;
          "kind"?: string;
          "organization_id": string;
          "upload_id": string;
        };
        Returns: Json;
      };
      "preview_report": { Args: { "definition": Json; "organization_id": string }; Returns: Json };
      "preview_saved_report": {
        Args: { "organization_id": string; "report_id": string };
        Returns: Json;
      };
      "process_batch": {
        Args: {
          "action"?: string;
          "customers"?: Json;
          "message"?: string;
          "organization_id": string;
          "send_sms"?: boolean;
          "skipped"?: Json;
          "upload_id"?: string;
        };
        Returns: Json;
      };
      "read_all_notes": { Args: { "organization_id": string; "seen"?: string }; Returns: Json };
      "read_conversation": {
        Args: { "conversation_id": string; "organization_id": string; "until"?: string };
        Returns: Json;
      };
      "read_lead_settings": { Args: { "organization_id": string }; Returns: Json };
      "read_lead_upload": {
        Args: {
          "kind"?: string;
          "organization_id": string;
          "upload_id": string;
          "with_piece"?: boolean;
        };
        Returns: Json;
      };
      "read_note": { Args: { "note_id": string; "organization_id": string }; Returns: Json };
      "read_notification": {
        Args: { "notification_id": string; "organization_id": string };
        Returns: Json;
      };
      "read_notifications": {
        Args: { "organization_id": string; "until"?: string };
        Returns: number;
      };
      "read_report_pieces": {
        Args: { "from_piece": number; "run_id": string; "runner": string };
        Returns: Json;
      };
      "record_api_key_use": { Args: { "address"?: string; "key_id": string }; Returns: undefined };
      "record_client_movement": {
        Args: {
          "client_id": string;
          "details"?: Json;
          "movement": string;
          "organization_id": string;
        };
        Returns: Json;
      };
      "record_deleted_files": { Args: { "run_ids": (string)[] }; Returns: undefined };
      "record_inbound": {
        Args: {
          "body": string;
          "facts"?: Json;
          "from_number": string;
          "media"?: Json;
          "opt_out_type"?: string;
          "provider": string;
          "provider_message_id": string;
          "signed_by"?: (string)[];
          "to_number": string;
        };
        Returns: Json;
      };
      "record_integration_result": {
        Args: { "error": string; "integration_type": string; "organization_id": string };
        Returns: undefined;
      };
      "record_lookups": { Args: { "answers": Json }; Returns: Json };
      "record_price_page": {
        Args: { "account_id": string; "day": string; "next_page"?: string; "reports": Json };
        Returns: number;
      };
      "record_receipt": {
        Args: {
          "code"?: string;
          "detail"?: string;
          "facts"?: Json;
          "message_id"?: string;
          "opt_out"?: boolean;
          "provider": string;
          "provider_message_id": string;
          "signed_by"?: (string)[];
          "status": string;
        };
        Returns: Json;
      };
      "record_refusal": {
        Args: { "operation": string; "organization_id": string };
        Returns: undefined;
      };
      "recover_dispatch": { Args: { "outcomes"?: Json; "platform"?: Json }; Returns: undefined };
      "redeliver_webhook": {
        Args: { "delivery_id": string; "organization_id": string };
        Returns: Json;
      };
      "refuse_sender": {
        Args: { "account_id": string; "operator": string; "reason": string };
        Returns: Json;
      };
      "remove_phone": { Args: Record<PropertyKey, never>; Returns: undefined };
      "remove_user": {
        Args: { "organization_id": string; "reassign_to"?: string; "user_id": string };
        Returns: undefined;
      };
      "render_template": {
        Args: {
          "lead_id"?: string;
          "organization_id": string;
          "template_id": string;
          "variables"?: Json;
        };
        Returns: Json;
      };
      "replace_stages": {
        Args: { "moves"?: Json; "organization_id": string; "stages": Json };
        Returns: Json;
      };
      "replay_webhook": {
        Args: { "organization_id": string; "since": string; "webhook_id": string };
        Returns: Json;
      };
      "reply_to_conversation": {
        Args: { "conversation_id": string; "message": string; "organization_id": string };
        Returns: Json;
      };
      "report_chart": { Args: { "organization_id": string; "report_id": string }; Returns: Json };
      "report_fields": { Args: { "organization_id": string }; Returns: Json };
      "report_run_chart": { Args: { "organization_id": string; "run_id": string }; Returns: Json };
      "report_run_rows": {
        Args: {
          "organization_id": string;
          "page_limit"?: number;
          "page_offset"?: number;
          "run_id": string;
        };
        Returns: Json;
      };
      "report_settings": { Args: { "organization_id": string }; Returns: Json };
      "report_templates": { Args: { "organization_id": string }; Returns: Json };
      "request_churn_training": {
        Args: { "organization_id": string; "score_only"?: boolean };
        Returns: Json;
      };
      "request_phone_code": { Args: { "organization_id": string; "phone": string }; Returns: Json };
      "resend_assignment": {
        Args: { "lead_id": string; "organization_id": string };
        Returns: Json;
      };
      "resend_email": {
        Args: { "email_id": string; "force"?: boolean; "organization_id": string };
        Returns: Json;
      };
      "resolve_message_manually": {
        Args: {
          "message_id": string;
          "organization_id": string;
          "outcome": string;
          "reason": string;
        };
        Returns: Json;
      };
      "restore_client": { Args: { "client_id": string; "organization_id": string }; Returns: Json };
      "restore_lead": {
        Args: { "allow_duplicate"?: boolean; "lead_id": string; "organization_id": string };
        Returns: Json;
      };
      "restore_report": { Args: { "organization_id": string; "report_id": string }; Returns: Json };
      "resume_campaign": {
        Args: { "campaign_id": string; "organization_id": string };
        Returns: Json;
      };
      "retention_actions": { Args: { "options"?: Json; "organization_id": string }; Returns: Json };
      "reverse_client_movement": {
        Args: { "client_id": string; "movement_id": string; "organization_id": string };
        Returns: Json;
      };
      "revoke_api_key": {
        Args: { "key_id": string; "organization_id": string };
        Returns: undefined;
      };
      "revoke_report_link": {
        Args: { "link_id": string; "organization_id": string };
        Returns: Json;
      };
      "rotate_api_key": {
        Args: { "grace_seconds"?: number; "key_id": string; "organization_id": string };
        Returns: Json;
      };
      "rotate_webhook_secret": {
        Args: { "grace_seconds"?: number; "organization_id": string; "webhook_id": string };
        Returns: Json;
      };
      "run_report_schedule_now": {
        Args: { "organization_id": string; "schedule_id": string };
        Returns: Json;
      };
      "save_client_contact": {
        Args: {
          "change": Json;
          "client_id": string;
          "contact_id"?: string;
          "organization_id": string;
        };
        Returns: Json;
      };
      "save_role": {
        Args: { "organization_id": string; "role": Json; "role_id"?: string };
        Returns: Json;
      };
      "save_team": {
        Args: { "name": string; "organization_id": string; "team_id"?: string };
        Returns: Json;
      };
      "schedule_report": {
        Args: { "organization_id": string; "report_id": string; "schedule": Json };
        Returns: Json;
      };
      "send_bulk": {
        Args: {
          "filter"?: Json;
          "maximum"?: number;
          "message": string;
          "organization_id": string;
          "recipients"?: Json;
          "sender_id"?: string;
        };
        Returns: Json;
      };
      "send_message": {
        Args: {
          "customer_id"?: string;
          "lead_id"?: string;
          "message"?: string;
          "organization_id": string;
          "purpose"?: string;
          "sender_id"?: string;
          "to_number"?: string;
        };
        Returns: Json;
      };
      "send_note": { Args: { "note": Json; "organization_id": string }; Returns: Json };
      "set_calendar": { Args: { "calendar": Json; "organization_id": string }; Returns: Json };
      "set_conversation_status": {
        Args: { "conversation_id": string; "organization_id": string; "status": string };
        Returns: Json;
      };
      "set_lead_fields": { Args: { "fields": Json; "organization_id": string }; Returns: Json };
      "set_sms_credentials": {
        Args: { "account_id": string; "credentials": Json };
        Returns: undefined;
      };
      "sla_performance": { Args: { "organization_id": string }; Returns: Json };
      "sms_dashboard": {
        Args: {
          "campaign_id"?: string;
          "first_day"?: string;
          "last_day"?: string;
          "organization_id": string;
        };
        Returns: Json;
      };
      "snapshot_audience_batch": {
        Args: { "campaign_id"?: string; "size"?: number };
        Returns: Json;
      };
      "start_campaign": {
        Args: { "campaign_id": string; "organization_id": string };
        Returns: Json;
      };
      "start_conversation": {
        Args: {
          "message": string;
          "organization_id": string;
          "sender_id"?: string;
          "to_number": string;
        };
        Returns: Json;
      };
      "suspend_organization": {
        Args: { "operator": string; "organization_id": string; "reason": string };
        Returns: Json;
      };
      "take_rate_limit": { Args: { "cost"?: number; "kind": string }; Returns: Json };
      "take_rate_limit_of": {
        Args: { "cost"?: number; "kind": string; "subject": string };
        Returns: Json;
      };
      "test_webhook": { Args: { "organization_id": string; "webhook_id": string }; Returns: Json };
      "try_reply": { Args: { "body": string; "organization_id": string }; Returns: Json };
      "unread_notes": { Args: { "organization_id": string }; Returns: Json };
      "update_api_key": {
        Args: { "changes": Json; "key_id": string; "organization_id": string };
        Returns: Json;
      };
      "update_campaign": {
        Args: {
          "campaign_id": string;
          "change": Json;
          "expected_version"?: number;
          "organization_id": string;
        };
        Returns: Json;
      };
      "update_client": {
        Args: {
          "client": Json;
          "client_id": string;
          "expected_version"?: number;
          "organization_id": string;
        };
        Returns: Json;
      };
      "update_client_issue": {
        Args: {
          "change": Json;
          "client_id": string;
          "issue_id": string;
          "organization_id": string;
        };
        Returns: Json;
      };
      "update_holder": {
        Args: { "change": Json; "organization_id": string; "user_id": string };
        Returns: Json;
      };
      "update_lead": {
        Args: {
          "allow_duplicate"?: boolean;
          "change": Json;
          "expected_version"?: number;
          "lead_id": string;
          "organization_id": string;
        };
        Returns: Json;
      };
      "update_lead_settings": {
        Args: { "changes": Json; "organization_id": string };
        Returns: Json;
      };
      "update_phone_number": {
        Args: { "change": Json; "number_id": string; "organization_id": string };
        Returns: Json;
      };
      "update_play": {
        Args: { "organization_id": string; "play": Json; "play_id": string };
        Returns: Json;
      };
      "update_report": {
        Args: {
          "change": Json;
          "expected_version"?: number;
          "organization_id": string;
          "report_id": string;
        };
        Returns: Json;
      };
      "update_report_schedule": {
        Args: { "changes": Json; "organization_id": string; "schedule_id": string };
        Returns: Json;
      };
      "update_report_settings": {
        Args: { "change": Json; "organization_id": string };
        Returns: Json;
      };
      "update_settings": { Args: { "changes": Json; "organization_id": string }; Returns: Json };
      "update_student": {
        Args: {
          "change": Json;
          "lead_id": string;
          "organization_id": string;
          "student_id": string;
        };
        Returns: Json;
      };
      "update_task": {
        Args: {
          "change": Json;
          "expected_version"?: number;
          "organization_id": string;
          "task_id": string;
        };
        Returns: Json;
      };
      "update_template": {
        Args: { "change": Json; "organization_id": string; "template_id": string };
        Returns: Json;
      };
      "update_user": {
        Args: { "change": Json; "organization_id": string; "user_id": string };
        Returns: Json;
      };
      "update_webhook": {
        Args: { "changes": Json; "organization_id": string; "webhook_id": string };
        Returns: Json;
      };
      "verify_audit_logs": {
        Args: {
          "expected_hash"?: string;
          "from_seal"?: number;
          "organization_id": string;
          "to_seal"?: number;
        };
        Returns: Json;
      };
      "webhook_credentials": {
        Args: { "account_reference": string; "provider": string };
        Returns: Json;
      };
      "withdraw_note": {
        Args: { "note_id": string; "organization_id": string };
        Returns: undefined;
      };
      "write_report_slice": {
        Args: {
          "from_position": number;
          "hand_over"?: boolean;
          "progress": Json;
          "run_id": string;
          "runner": string;
          "slice_rows"?: number;
        };
        Returns: Json;
      };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof (
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
    )
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals } ? (
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
  )[TableName] extends {
    Row: infer R;
  } ? R
  : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R;
    } ? R
    : never
  : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends
    {
      Insert: infer I;
    } ? I
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I;
    } ? I
    : never
  : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends
    {
      Update: infer U;
    } ? U
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U;
    } ? U
    : never
  : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][
    CompositeTypeName
  ]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never;

export const Constants = {
  "public": {
    Enums: {},
  },
} as const;
