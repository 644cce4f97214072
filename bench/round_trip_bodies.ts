/** Bodies that the document's examples cannot give, because they name rows of the tenant or need the right state. */
export const bodies: Record<string, (ids: Record<string, string>) => unknown> = {
  adminCreatePrivacyRequest: ({ lead_id }) => ({ kind: "export", lead_id }),
  adminCreateWebhook: () => ({ url: "http://127.0.0.1:9999/hook", events: ["lead.created"] }),
  // The tenant's webhook is paused; what sends comes after this.
  adminUpdateWebhook: () => ({ status: "active" }),
  assignConversation: ({ user_id }) => ({ assigned_to: user_id }),
  assignLead: ({ user_id }) => ({ assigned_to: user_id }),
  assignLeadByPost: ({ user_id }) => ({ assigned_to: user_id }),
  buildReport: () => ({ name: "Names", fields: ["leads.first_name"] }),
  bulkAssignLeads: ({ lead_id, user_id }) => ({ lead_ids: [lead_id], assigned_to: user_id }),
  createCampaign: ({ lead_id }) => ({ name: "Open day", audience: { lead_ids: [lead_id] } }),
  createLead: () => ({ first_name: "Esi", phone: "+233244123470" }),
  liftSuppression: () => ({ reason: "A mistake" }),
  previewReport: () => ({ fields: ["leads.first_name"] }),
  recordConsent: () => ({
    event: "revoked",
    phone: "+233244123471",
    source: "Form",
    occurred_at: "2026-03-01T00:00:00Z",
  }),
  replyToConversation: () => ({ message: "Good morning." }),
  setLeadFields: () => ({ fields: [{ key: "program", label: "Program", type: "text" }] }),
  updateCampaign: () => ({ name: "Open day in June" }),
  updateLead: () => ({ region: "Ashanti" }),
  updateTemplate: () => ({ name: "Closed on Friday" }),
};
