package transport

import (
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// schemas serializes the change New makes to a schema. Generated schemas are one value per process, so
// the lock must be too; after the first New there is nothing left to change and readers need no lock.
var schemas sync.Mutex

// dropDefer takes @defer out of the schema. gqlgen always declares it, and a client of plain JSON that
// used it would silently lose the deferred part.
func dropDefer(es graphql.ExecutableSchema) {
	schemas.Lock()
	defer schemas.Unlock()
	if _, ok := es.Schema().Directives["defer"]; ok { //nolint:staticcheck // delete writes even when there is nothing to delete
		delete(es.Schema().Directives, "defer")
	}
}

// quietRules are the rules of validation without the hints that spell out a schema nobody was allowed to
// introspect. gqlgen's own switch covers fields only, so arguments, types and values are exchanged here.
func quietRules() *rules.Rules {
	r := rules.NewDefaultRules()
	r.RemoveRule(rules.KnownArgumentNamesRule.Name)
	r.RemoveRule(rules.KnownTypeNamesRule.Name)
	r.RemoveRule(rules.ValuesOfCorrectTypeRule.Name)
	r.AddRule(rules.KnownArgumentNamesRuleWithoutSuggestions.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	r.AddRule(rules.KnownTypeNamesRuleWithoutSuggestions.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	r.AddRule(rules.ValuesOfCorrectTypeRuleWithoutSuggestions.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
	return r
}
