// Copyright 2026 The Tenon authors
//
// Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with the
// License. You may obtain a copy of the License at http://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software distributed under the License is distributed on an
// "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the License for the specific
// language governing permissions and limitations under the License.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// Several threads call these functions at once: they keep no state.

static bool is_from_a_business(const char *email) {
    static const char *const free_of_charge[] = {"gmail.com", "gmx.net", "hotmail.com", "outlook.com", "yahoo.com"};
    const char *at = strrchr(email, '@');
    if (at == NULL) return false;
    for (size_t i = 0; i < sizeof free_of_charge / sizeof *free_of_charge; i++)
        if (strcasecmp(at + 1, free_of_charge[i]) == 0) return false;
    return true;
}

static int digits_of(const char *phone) {
    int digits = 0;
    for (; *phone != 0; phone++) digits += *phone >= '0' && *phone <= '9';
    return digits;
}

// From 0 to 100. What is not known is NULL; the value comes in hundredths of its currency.
int64_t acme_score(const char *email, const char *phone, const char *company, const int64_t *value) {
    int64_t score = 0;
    if (email != NULL) score += is_from_a_business(email) ? 35 : 15;
    if (phone != NULL && digits_of(phone) >= 7) score += 20;
    if (company != NULL) score += 15;
    if (value != NULL && *value > 0) score += *value >= 1000000 ? 30 : *value >= 100000 ? 20 : 10;
    return score;
}

// The text stays ours: it is never changed and never freed.
const char *acme_grade(int64_t score) { return score >= 75 ? "A" : score >= 50 ? "B" : score >= 25 ? "C" : "D"; }

// Called when a lead goes to another status: gives its score, or says why it may not go there.
int64_t acme_lead_moved(const char *status, const char *email, const char *phone, const char *company, const int64_t *value,
                        char *problem, size_t room) {
    if (strcmp(status, "Qualified") == 0 && email == NULL && phone == NULL)
        snprintf(problem, room, "a qualified lead needs an e-mail address or a telephone number");
    return acme_score(email, phone, company, value);
}
