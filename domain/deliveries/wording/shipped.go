package wording

import (
	"heyue/domain/alerts/channel"
	"heyue/domain/alerts/due"
	"heyue/domain/deliveries/posting"
)

// Words are the subject and the body of a message. Only mails have a subject.
type Words struct{ Subject, Body string }

// Shipped are the words of a kind by a channel in one of Locales, unless a tenant has its own.
func Shipped(kind posting.MessageKind, by channel.Channel, locale string) Words {
	words := shippedZH
	if locale == "en" {
		words = shippedEN
	}
	w := words(kind)
	if by == channel.SMS && kind == posting.AlertMessage {
		w.Body = map[string]string{"en": "[{company}] {kind}: {title}, due {dueOn} ({when})."}[locale]
		if w.Body == "" {
			w.Body = "【{company}】{kind}：{title}，到期日 {dueOn}（{when}）。"
		}
	}
	if by != channel.Email {
		w.Subject = ""
	}
	return w
}

func shippedZH(kind posting.MessageKind) Words {
	switch kind {
	case posting.DigestMessage:
		return Words{"{company}：{count} 项提醒", "{recipient}：\n\n以下 {count} 项需要留意：\n\n{items}\n\n{company}"}
	case posting.DigestItem:
		return Words{Body: "· {kind}：{title}，{dueOn}（{when}） {amount}"}
	}
	return Words{"{kind}：{title}（{when}）", "{recipient}：\n\n{kind}：{title}\n到期日：{dueOn}（{when}）\n金额：{amount}\n\n{link}\n\n{company}"}
}

func shippedEN(kind posting.MessageKind) Words {
	switch kind {
	case posting.DigestMessage:
		return Words{"{company}: {count} reminders", "Dear {recipient},\n\n{count} things need your attention:\n\n{items}\n\n{company}"}
	case posting.DigestItem:
		return Words{Body: "- {kind}: {title}, {dueOn} ({when}) {amount}"}
	}
	return Words{"{kind}: {title} ({when})", "Dear {recipient},\n\n{kind}: {title}\nDue: {dueOn} ({when})\nAmount: {amount}\n\n{link}\n\n{company}"}
}

// Kind is what a kind of obligation is called; one without a name of its own is a reminder.
func Kind(k due.Kind, locale string) string {
	names, other := kindsZH(), "提醒"
	if locale == "en" {
		names, other = kindsEN(), "Reminder"
	}
	if n, ok := names[k]; ok {
		return n
	}
	return other
}

func kindsZH() map[due.Kind]string {
	return map[due.Kind]string{
		due.ContractEnd: "合同到期", due.PaymentDue: "款项到期", due.MilestoneDue: "里程碑到期", due.ApprovalTask: "待您审批", due.ApprovalResult: "审批结果",
		due.ContractStart: "合同生效", due.RenewalDecision: "续约决定", due.OptOutNotice: "不续约通知期限", due.SuspensionEnd: "中止期满",
		due.IncidentNotice: "通知期限", due.IncidentSolution: "处理期限", due.DeliveryDue: "交货到期", due.ServiceDue: "服务到期", due.AcceptanceDue: "验收到期",
		due.EndpointDisabled: "消息端点已停用",
	}
}

func kindsEN() map[due.Kind]string {
	return map[due.Kind]string{
		due.ContractEnd: "Contract ends", due.PaymentDue: "Payment due", due.MilestoneDue: "Milestone due", due.ApprovalTask: "Your decision is asked for",
		due.ApprovalResult: "Approval", due.ContractStart: "Contract begins", due.RenewalDecision: "Renewal to be decided", due.OptOutNotice: "Notice not to renew",
		due.SuspensionEnd: "Suspension ends", due.IncidentNotice: "Notice to the other party", due.IncidentSolution: "Settlement due", due.DeliveryDue: "Delivery due",
		due.ServiceDue: "Service due", due.AcceptanceDue: "Acceptance due", due.EndpointDisabled: "Endpoint disabled",
	}
}
