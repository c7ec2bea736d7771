import PluginAPI

/// Two forms, and what did not become a lead through them.
enum IntakeDemo {
    @Sendable static func fill(_ transaction: Transaction) throws {
        let website = try transaction.first(LeadSource.self, where: LeadSource.name == "Website").map { Reference<LeadSource>($0.id) }
        let fair = try transaction.first(LeadSource.self, where: LeadSource.name == "Trade fair").map { Reference<LeadSource>($0.id) }
        let contact = try transaction.insert(LeadForm.self) { form in
            form[LeadForm.name] = "Contact us"
            form[LeadForm.title] = "How can we help?"
            form[LeadForm.introduction] = "Tell us what you are looking for. Somebody who knows about it answers within a day."
            form[LeadForm.labels] = """
                contact_name = Your name
                company_name = Your company
                description = What is it about?
                """
            form[LeadForm.source] = website
            form[LeadForm.thanks] = "Thank you. We have your message and will answer within a day."
        }
        try transaction.insert(LeadForm.self) { form in
            form[LeadForm.name] = "Stand at the spring fair"
            form[LeadForm.title] = "Stay in touch"
            form[LeadForm.fields] = "contact_name,company_name,contact_email,contact_phone"
            form[LeadForm.source] = fair
            form[LeadForm.campaign] = "spring-fair"
        }
        let origin = FailedSubmission.Origin(channel: .form, form: Reference(contact.id), address: "192.0.2.41")
        let known = Submission([
            .init(name: Lead.contactName.name, text: "Olga Prohaska"), .init(name: Lead.email.name, text: "olga.prohaska@pineworks.example"),
            .init(name: Lead.description.name, text: "We spoke last month.\nCould you send the offer again?"),
        ])
        try FailedSubmission.keep(known, origin, because: "an open lead has this e-mail address already", transaction)
        let spam = Submission([
            .init(name: Lead.contactName.name, text: "Best Rank"), .init(name: Lead.email.name, text: "rank@spam.example"),
            .init(name: Lead.description.name, text: "Your page on top in 24 hours"),
        ])
        try FailedSubmission.keep(spam, origin, because: "the field that people do not see was filled in", as: .spam, transaction)
    }
}
