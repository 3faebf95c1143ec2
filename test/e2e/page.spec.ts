import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { describeAbsence, findChromium, obtainServer, type ObtainedServer } from '../support/index.js';
import { Board, croissants } from './support/index.js';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const found = await findChromium();

if (found.available) {
  describe(`the page in ${found.version}`, () => {
    let server: ObtainedServer;
    let browser: Browser;
    let board: Board;
    let page: Page;
    let complaints: string[];

    beforeAll(async () => {
      server = await obtainServer();
      browser = await chromium.launch({ executablePath: found.path, args: FLAGS });
    }, 60_000);

    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });

    beforeEach(async () => {
      board = await Board.open(server.url);
      page = await browser.newPage();
      page.setDefaultTimeout(10_000);
      complaints = [];
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
    });

    afterEach(async () => {
      await page?.close();
      await Board.closeAll();
    });

    async function openPage(): Promise<void> {
      await page.goto(board.url);
      await page.locator('#status', { hasText: /^live$/ }).waitFor();
      await page.locator('select option').first().waitFor({ state: 'attached' });
    }

    const texts = (list: string) => page.locator(`#${list} li strong`).allTextContents();

    test('shows an order that arrives, without a reload', async () => {
      await openPage();
      await page.getByText('No orders yet').waitFor();
      await page.evaluate(() => Object.assign(globalThis, { loadedOnce: true }));

      await board.place({ ...croissants(3), customer: 'Grace', kind: 'delivery' });

      const row = page.locator('#latest li');
      await row.waitFor();
      expect(await row.innerText()).toMatch(/Delivery\s+Grace 3 × Butter croissant\s+€7\.20/);
      await page.locator('#orders', { hasText: /^1$/ }).waitFor();
      expect(await page.locator('[data-kind=delivery] dd').innerText()).toMatch(/^1\s+€7\.20$/);
      expect(await texts('top')).toEqual(['Grace']);
      expect(await page.getByText('No orders yet').isVisible()).toBe(false);
      expect(await page.evaluate(() => 'loadedOnce' in globalThis)).toBe(true);
      expect(complaints).toEqual([]);
    });

    test('shows what was there before, the latest and the largest first', async () => {
      for (const [index, customer] of ['Ada', 'Alan', 'Edsger'].entries()) {
        await board.place({ ...croissants(10 - index), customer });
      }
      await openPage();
      await page.locator('#latest li').nth(2).waitFor();
      expect(await texts('latest')).toEqual(['Edsger', 'Alan', 'Ada']);
      expect(await texts('top')).toEqual(['Ada', 'Alan', 'Edsger']);
      await board.place({ ...croissants(20), customer: 'Radia' });
      await page.locator('#top li').first().filter({ hasText: 'Radia' }).waitFor();
      expect(await texts('latest')).toEqual(['Radia', 'Edsger', 'Alan', 'Ada']);
      expect(complaints).toEqual([]);
    });

    test('places an order, by keyboard alone', async () => {
      await openPage();
      await page.getByLabel('Name').focus();
      await page.keyboard.type('Margaret');
      await page.keyboard.press('Tab');
      await page.keyboard.type('Lemon');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Backspace');
      await page.keyboard.type('2');
      await page.keyboard.press('Enter');
      await page.getByText(/^Order \d+ is placed\.$/).waitFor();
      await page.locator('#latest li', { hasText: 'Margaret 2 × Lemon tart' }).waitFor();
      expect((await board.list()).orders).toMatchObject([{ customer: 'Margaret', total: 820 }]);
      expect(complaints).toEqual([]);
    });

    test('takes no markup from a customer, and says why an order is refused', async () => {
      await openPage();
      const customer = '<img src=x onerror=alert(1)>';
      await board.place({ customer });
      await page.locator('#latest li').waitFor();
      expect(await texts('latest')).toEqual([customer]);
      await page.getByLabel('Name').fill('   ');
      await page.getByRole('button', { name: 'Place order' }).click();
      await page.getByText('customer: must not be empty').waitFor();
      expect(await page.locator('#latest li').count()).toBe(1);
    });

    test('keeps the latest fifty of many', async () => {
      await openPage();
      await Promise.all(Array.from({ length: 120 }, () => board.place()));
      await page.locator('#orders', { hasText: /^120$/ }).waitFor();
      await expect(page.locator('#latest li').count()).resolves.toBe(50);
      const ids = await page
        .locator('#latest li')
        .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-id'))));
      expect(ids).toEqual(Array.from({ length: 50 }, (_, index) => 120 - index));
      expect(complaints).toEqual([]);
    });

    test('says when it is cut off, and catches up', async () => {
      await openPage();
      const { port } = new URL(board.url);
      await board.close();
      await page.locator('#status', { hasText: 'connection lost' }).waitFor();
      board = await Board.open(server.url, board.keyPrefix, Number(port));
      await board.place({ customer: 'Katherine' });
      await page.locator('#status', { hasText: /^live$/ }).waitFor({ timeout: 20_000 });
      await page.locator('#latest li', { hasText: 'Katherine' }).waitFor();
    });
  });
} else {
  describeAbsence('chromium', found.reason);
}
